cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
virtual_server "web" {
  addresses = ["192.0.2.10:80"]
  protocol = "tcp"
  forwarding = "tun"
  tunnel {
    type = "vxlan"
  }
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
