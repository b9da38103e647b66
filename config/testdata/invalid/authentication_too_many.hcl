
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = [for i in range(90) : "fe80::${format("%x", i + 1)}"]
  authentication {
    type = "hmac-sha256"
    key  = "0123456789abcdef0123456789abcdef"
  }
}
