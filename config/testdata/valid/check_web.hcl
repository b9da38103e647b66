cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "http" "proxy" {
    url              = "http://127.0.0.1:8080/healthz"
    follow_redirects = true
  }
  track "https" "site" {
    url         = "https://[2001:db8::1]/healthz?full=1"
    server_name = "www.example.net"
  }
  track "https" "plain" {
    address = "192.0.2.1"
  }
  track "tls" "mail" {
    address = "192.0.2.25"
    port    = 465
    verify  = false
  }
  track "grpc" "api" {
    address = "192.0.2.26"
    port    = 9000
    service = "shop.Orders"
  }
}
virtual_server "web" {
  addresses  = ["192.0.2.10:443"]
  protocol   = "tcp"
  forwarding = "dr"
  check "https" {
    path             = "/healthz"
    host             = "www.example.net:8443"
    status           = ["200-299"]
    sha256           = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"
    follow_redirects = true
    http2            = true
    expires_in       = "168h"
  }
  check "https" {
    host        = "192.0.2.21:8443"
    server_name = "api.example.net"
    verify      = false
  }
  check "tls" {
    port        = 8443
    server_name = "2001:db8::1"
  }
  check "grpc" {
    port        = 9000
    tls         = true
    server_name = "api.example.net"
  }
  check "http" {
    url = "http://192.0.2.21:8080/healthz"
  }

  real_server "a" {
    address = "192.0.2.21"
  }
}
