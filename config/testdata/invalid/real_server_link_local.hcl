cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
virtual_server "web" {
  addresses = ["[2001:db8::10]:80"]
  protocol = "tcp"
  forwarding = "nat"
  check "none" {}
  real_server "a" {
    address = "fe80::21"
  }
}
