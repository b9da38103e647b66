cluster "demo" {
  director "lb1" {}
}

virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "nat"
  check "tcp" {}
  real_server "a" { dns = "192.0.2.300" }
  real_server "b" { dns = "192.0.2.30" }
  real_server "c" { srv = "_http._tcp example" }
  real_server "d" { file = "web.json" }
  real_server "e" { dns = "web.example.net:0" }
}
