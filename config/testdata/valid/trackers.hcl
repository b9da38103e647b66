cluster "shop" {
  director "lb1" {}
}

vrrp_defaults {
  interface = "eth0"

  track "interface" "eth1" {
    weight = -20
  }
  track "virtual_server" "web" {}
}

vrrp_instance "of_defaults" {
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}

vrrp_instance "all" {
  virtual_router_id = 52
  virtual_addresses = ["192.0.2.11/24"]

  track "interface" "eth2" {}
  track "script" "nginx" {
    command       = ["/bin/sh", "-c", "exit 0"]
    interval      = "1s"
    timeout       = "900ms"
    fast_interval = "100ms"
    rise          = 2
    fall          = 4
    weight        = -30
  }
  track "script" "plain" {
    command = ["/bin/sh"]
  }
  track "file" "manual" {
    path = "/run/hald/priority-offset"
  }
  track "process" "nginx" {
    weight = 253
  }
  track "virtual_server" "web" {
    weight = -253
  }
  track "tcp" "database" {
    address = "2001:db8::5"
    port    = 5432
  }
  track "http" "proxy" {
    url = "http://127.0.0.1:8080/healthz?deep=1"
  }
  track "http" "parts" {
    address = "127.0.0.1"
    path    = "/healthz"
    status  = [200]
  }
  dynamic "track" {
    for_each = ["eth3", "eth4"]
    labels   = ["interface", track.value]
    content {
      weight = -10
    }
  }
}

virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"

  check "tcp" {}

  real_server "a" {
    address = "192.0.2.21"
  }
}
