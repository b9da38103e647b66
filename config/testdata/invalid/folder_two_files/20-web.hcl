virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "drr"
  check "none" {}
  real_server "a" {
    address = "192.0.2.21"
  }
}
