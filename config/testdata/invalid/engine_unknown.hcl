cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
virtual_server "web" {
  addresses = ["192.0.2.10:5060"]
  protocol = "udp"
  forwarding = "dr"
  persistence = "60s"
  persistence_engine = "sipp"
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
