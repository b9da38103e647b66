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
  check "https" {
    verify      = "no"
    server_name = "www.example.net:443"
    expires_in  = "7"
    http2       = "h2"
  }
  check "tls" {
    verify = false
    ca     = "testdata/ca.pem"
  }
  check "tls" {
    certificate = "/etc/hald/client.pem"
  }
  check "tls" {
    key        = "/etc/hald/client.key"
    expires_in = "100000h"
    path       = "/"
  }
  check "http" {
    ca = "/etc/hald/ca.pem"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
