cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.100/24"]
  virtual_address "fe80::1/64" {
    interface = "eth1"
  }
}

vrrp_instance "back" {
  interface         = "eth1"
  virtual_router_id = 51
  virtual_addresses = ["fe80::1/64"]
}
