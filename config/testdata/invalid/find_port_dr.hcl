cluster "demo" {
  director "lb1" {}
}

virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "tcp" {}
  real_server "a" { srv = "_http._tcp.example.net" }
  real_server "b" { dns = "web.example.net:8080" }
}
