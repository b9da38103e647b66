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
    follow_redirects = "yes"
  }
  check "http" {
    follow_redirects = true
    status           = [301, 302]
  }
  check "http" {
    follow_redirects = true
    status           = [301, 404]
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
