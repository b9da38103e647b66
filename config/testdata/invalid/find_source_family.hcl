cluster "shop" {
  director "lb1" {}
}
vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24", "2001:db8::10/64"]
}
virtual_server "web" {
  addresses  = ["[2001:db8::10]:80"]
  protocol   = "tcp"
  forwarding = "nat"
  check "tcp" {
    source = "192.0.2.10"
  }
  check "http" {
    address = "192.0.2.30" # the same for all of them
    source  = "192.0.2.10"
  }

  real_server "named" {
    dns = "web.example.net"
  }
}
