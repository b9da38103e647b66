cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_address "192.0.2.100/24" {
    advertise = false
  }
}
