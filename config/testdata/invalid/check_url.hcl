cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
virtual_server "web" {
  addresses  = ["192.0.2.10:443"]
  protocol   = "tcp"
  forwarding = "dr"
  check "http" {
    url  = "http://192.0.2.21:8080/healthz"
    port = 8080
    path = "/"
  }
  check "http" {
    url = "https://192.0.2.21/"
  }
  check "https" {
    url = "http://192.0.2.21/"
  }
  check "https" {
    url = "https://www.example.net/"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
