cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24", "2001:db8::10/64"]
  preempt           = false
}
virtual_server "six" {
  addresses  = ["[2001:db8::10]:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "tcp" { port = 80 }
  real_server "a" { address = "2001:db8::21" }
  sorry_server { address = "192.0.2.29" }
}
virtual_server "four" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "tun"
  check "tcp" { port = 80 }
  real_server "a" { address = "192.0.2.21" }
  sorry_server {
    address    = "2001:db8::29"
    forwarding = "nat"
  }
}
virtual_server "both" {
  addresses  = ["192.0.2.10:81", "[2001:db8::10]:81"]
  protocol   = "tcp"
  forwarding = "tun"
  check "tcp" { port = 80 }
  real_server "a" { address = "192.0.2.21" }
  sorry_server {
    address    = "192.0.2.29"
    forwarding = "dr"
  }
}
virtual_server "marked" {
  fwmark     = 7
  family     = "ipv6"
  forwarding = "nat"
  check "tcp" { port = 80 }
  real_server "a" { address = "2001:db8::21" }
  sorry_server { address = "192.0.2.29" }
}
