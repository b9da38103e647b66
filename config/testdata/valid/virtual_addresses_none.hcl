cluster "cloud" {
  director "lb1" {
    address = "2001:db8::11"
  }
  director "lb2" {
    address = "2001:db8::12"
  }
}

vrrp_instance "hooks" {
  interface         = "eth0"
  virtual_router_id = 51
  unicast           = true
  virtual_addresses = []
}

vrrp_instance "quiet" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = []

  virtual_address "192.0.2.100/24" {
    advertise = false
  }
}
