cluster "shop" {
  director "lb1" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "http" "proxy" {
    url           = "http://127.0.0.1:8080/healthz"
    weight_header = "X-Load-Weight"
  }
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "http" {
    weight_header = "X-Load-Weight"
    weight_body   = true
  }
  check "http" {
    method      = "HEAD"
    weight_body = true
  }
  check "https" {
    weight_header = "X Load"
    weight_body   = "yes"
  }
  check "https" {
    weight_header  = 7
    dynamic_weight = true
  }
  check "tcp" {
    weight_body = true
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
