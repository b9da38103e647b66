
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
    key  = "hex:s3cr3t0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
  }
}
vrrp_instance "digits" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = ["192.0.2.11/24"]
  authentication {
    type = "hmac-sha256"
    key  = "hex:0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
  }
}
