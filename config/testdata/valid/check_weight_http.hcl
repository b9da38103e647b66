cluster "shop" {
  director "lb1" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  scheduler  = "lc"
  forwarding = "dr"
  quorum     = 100
  check "http" {
    path          = "/healthz"
    weight_header = "X-Load-Weight"
  }
  check "https" {
    path        = "/load"
    weight_body = true
  }
  check "http" {
    weight_body = false
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
