cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.100/24"]
  virtual_address "2001:db8::9/64" {
    label     = "eth0:six"
    scope     = "link"
    advertise = true
  }
}
