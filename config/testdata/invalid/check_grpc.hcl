cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "grpc" "api" {
    port = 9000
  }
  track "https" "proxy" {
    path = "/"
  }
  track "tls" "mail" {}
}
virtual_server "web" {
  addresses  = ["192.0.2.10:443"]
  protocol   = "tcp"
  forwarding = "dr"
  check "grpc" {
    service     = ""
    tls         = "yes"
  }
  check "grpc" {
    server_name = "api.example.net"
    expires_in  = "24h"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
