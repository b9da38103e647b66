cluster "shop" {
  director "lb1" {
    address = "192.0.2.1"
  }
  director "lb2" {
    address = "192.0.2.300"
  }
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  unicast = true
}
