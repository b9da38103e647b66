cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "tcp" "upstream" {
    address = "2001:db8::1"
    port    = 53
    source  = "2001:db8::2"
    mark    = 4294967295
  }
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "nat"
  check "tcp" {
    source = "192.0.2.10"
    mark   = 7
  }
  check "http" {
    address = "2001:db8::21"
    source  = "2001:db8::10"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
  real_server "b" {
    address = "192.0.2.22"
  }
}
