cluster "shop" {
  director "lb1" {}
}
vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "tun"
  check "tcp" {}

  real_server "same" {
    address = "192.0.2.21:80"
  }
  real_server "another" {
    address = "192.0.2.22:8080"
  }
  real_server "named" {
    dns = "web.example.net:8080"
  }
  real_server "translated" {
    address    = "192.0.2.23:8080"
    forwarding = "nat"
  }
  sorry_server {
    address = "192.0.2.24:8080"
  }
}
virtual_server "both" {
  addresses  = ["192.0.2.10:81", "192.0.2.10:82"]
  protocol   = "tcp"
  forwarding = "tun"
  check "tcp" {}

  real_server "half" {
    address = "192.0.2.21:81"
  }
}
virtual_server "marked" {
  fwmark     = 7
  family     = "ipv4"
  forwarding = "tun"
  check "tcp" {}

  real_server "checked" {
    address = "192.0.2.21:80"
  }
}
