cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
virtual_server "web" {
  addresses  = ["192.0.2.10", "192.0.2.10:0", "192.0.2.10:70000", "192.0.2.10/32"]
  protocol   = "tcp"
  forwarding = "dr"
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
