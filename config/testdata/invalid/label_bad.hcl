cluster "my shop" {
  director "lb/1" {}
}
vrrp_instance "" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
virtual_server "web\u0007" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
