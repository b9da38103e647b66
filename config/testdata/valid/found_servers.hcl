cluster "demo" {
  director "lb1" {}
}

virtual_server "web" {
  addresses  = ["192.0.2.10:80", "192.0.2.10:443"]
  protocol   = "tcp"
  forwarding = "nat"
  quorum     = 20 # nobody knows yet how many there will be

  check "tcp" {}

  real_server "dns" { dns = "web.example.net" }
  real_server "port" { dns = "web.example.net:8080" }
  real_server "srv" { srv = "_http._tcp.example.net" }
  real_server "file" {
    file = "/run/tool/web.json"
    check "http" { port = 9000 }
    check "tcp" {}
  }
  real_server "fixed" {
    address = "192.0.2.21"
    check "http" { port = 9000 }
    check "tcp" {} # at the service's port, whatever the one before has
  }
}

virtual_server "tunnel" {
  addresses  = ["[2001:db8::10]:80"]
  protocol   = "tcp"
  forwarding = "tun"
  check "tcp" {}
  real_server "dns" { dns = "web.example.net" }
}

virtual_server "routed" {
  addresses  = ["[2001:db8::11]:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "tcp" {}
  real_server "dns" { dns = "web.example.net" }
}
