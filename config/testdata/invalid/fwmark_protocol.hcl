cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
virtual_server "web" {
  fwmark = 7
  family = "ipv4"
  protocol = "sctp"
  forwarding = "dr"
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
