cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "http" "upstream" {
    url    = "http://127.0.0.1/"
    source = "::1"
  }
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "nat"
  check "tcp" {
    source = "2001:db8::10"
    mark   = 0
  }
  check "tls" {
    source = "eth0"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
  real_server "b" {
    address = "192.0.2.22"
  }
}
