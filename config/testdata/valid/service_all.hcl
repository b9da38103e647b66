cluster "shop" {
  director "lb1" {}
}

vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}

virtual_server "web" {
  addresses   = ["192.0.2.10:80", "192.0.2.10:443"]
  protocol    = "tcp"
  scheduler   = "twos"
  forwarding  = "nat"
  persistence = "120s"
  quorum      = 3
  hysteresis  = 1
  max_failed  = 0.5
  slow_start  = "30s"
  on_fail     = "quiesce"
  drain       = "1m30s"
  initial     = "down"

  check "http" {
    path             = "/healthz?full=1"
    method           = "POST"
    host             = "www.example.net"
    headers          = { accept = "text/plain", "X-Probe" = "hald" }
    body             = "ping"
    status           = [200, "204", "300-399"]
    expect           = "^ok"
    follow_redirects = false
    interval         = "5s"
    timeout          = "5s"
    fast_interval    = "500ms"
    fall             = 2
    rise             = 1
    port             = 8081
    address          = "192.0.2.99"
  }
  check "tcp" {}

  real_server "web1" {
    address         = "192.0.2.21:8080"
    weight          = 2
    upper_threshold = 1000
    lower_threshold = 800
  }
  real_server "web2" {
    address    = "192.0.2.22"
    forwarding = "tun"
    weight     = 65535
    disabled   = true

    check "tcp" {
      port = 22
    }
  }
  real_server "web3" {
    address = "192.0.2.23"

    check "none" {}
  }
  sorry_server {
    address = "192.0.2.90:8080"
    weight  = 7

    check "tcp" {
      port = 81
    }
  }
}

virtual_server "dns" {
  addresses  = ["192.0.2.10:53"]
  protocol   = "udp"
  forwarding = "dr"

  check "none" {}

  real_server "ns1" {
    address = "192.0.2.31"
  }
}

virtual_server "dns_over_tcp" {
  addresses  = ["192.0.2.10:53"]
  protocol   = "tcp"
  forwarding = "dr"

  check "tcp" {}

  real_server "ns1" {
    address = "192.0.2.31"
  }
}
