
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  version           = 2
  authentication {
    type = "hmac-sha256"
    key  = "0123456789abcdef0123456789abcdef"
  }
}
vrrp_instance "id" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = ["192.0.2.11/24"]
  version           = 2
  authentication {
    type = "simple"
    key  = "s3cr3t"
    id   = 2
  }
}
vrrp_instance "mixed" {
  interface         = "eth0"
  virtual_router_id = 53
  virtual_addresses = ["192.0.2.12/24"]
  authentication {
    type = "hmac-sha256"
    key  = "0123456789abcdef0123456789abcdef"
  }
  authentication {
    type = "simple"
    key  = "s3cr3t"
  }
}
