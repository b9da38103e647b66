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
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "http" {
    method = "get"
  }
  check "http" {
    method = "CONNECT"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
