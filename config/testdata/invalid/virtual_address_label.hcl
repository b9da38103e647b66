cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_address "192.0.2.100/24" {
    label = "vip"
  }
  virtual_address "10.1.0.9/24" {
    interface = "eth1"
    label     = "eth0:vip"
  }
}
