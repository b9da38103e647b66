
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "short" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  authentication {
    type = "hmac-sha256"
    key  = env("HALD_TEST_SECRET")
  }
}
vrrp_instance "long" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = ["192.0.2.11/24"]
  authentication {
    type = "hmac-sha256"
    key  = "s3cr3t0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
}
vrrp_instance "two" {
  interface         = "eth0"
  virtual_router_id = 53
  virtual_addresses = ["192.0.2.12/24"]
  authentication {
    type = "hmac-sha256"
    key  = "0123456789abcdef0123456789abcdef"
  }
  authentication {
    type = "hmac-sha256"
    key  = "fedcba9876543210fedcba9876543210"
  }
}
vrrp_instance "ids" {
  interface         = "eth0"
  virtual_router_id = 54
  virtual_addresses = ["192.0.2.13/24"]
  authentication {
    type = "hmac-sha256"
    key  = "0123456789abcdef0123456789abcdef"
    id   = 0
  }
  authentication {
    type = "hmac-sha256"
    key  = "0123456789abcdef0123456789abcdef"
    id   = 256
  }
}
