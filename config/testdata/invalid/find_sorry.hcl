cluster "demo" {
  director "lb1" {}
}

virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "nat"
  check "tcp" {}
  real_server "a" { address = "192.0.2.21" }
  sorry_server { dns = "web.example.net" }
}
