cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
virtual_server "web" {
  addresses = ["[2001:db8::10]:80"]
  protocol = "tcp"
  forwarding = "nat"
  persistence = "60s"
  persistence_netmask = "255.255.255.0"
  check "none" {}
  real_server "a" {
    address = "2001:db8::21"
  }
}
