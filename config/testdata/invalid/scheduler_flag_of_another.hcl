cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
virtual_server "web" {
  addresses = ["192.0.2.10:80"]
  protocol = "tcp"
  forwarding = "dr"
  scheduler = "sh"
  scheduler_flags = ["sh-port", "mh-fallback"]
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
