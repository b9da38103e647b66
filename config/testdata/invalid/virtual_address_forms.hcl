cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.100/24"]
  virtual_address "10.1.0.300/24" {}
  virtual_address "10.1.0.9/24" {
    interface = "eth/1"
    label     = "a label with spaces"
    scope     = "universe"
    advertise = "no"
  }
  virtual_address "10.1.0.10/24" {
    device = "eth1"
  }
}
