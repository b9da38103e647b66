cluster "shop" {
  director "lb1" {}
}
virtual_server "a" {
  fwmark     = 7
  family     = "ipv4"
  forwarding = "dr"
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
virtual_server "b" {
  fwmark     = 7
  family     = "ipv4"
  forwarding = "dr"
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
virtual_server "c" {
  fwmark     = 7
  family     = "ipv6"
  forwarding = "dr"
  check "none" {}
  real_server "a" {
    address = "2001:db8::21"
  }
}
