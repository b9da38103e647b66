cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
virtual_server "web" {
  addresses = ["192.0.2.10:80", "[2001:db8::10]:80"]
  protocol = "tcp"
  forwarding = "tun"
  persistence = "60s"
  persistence_netmask = 24
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
