cluster "shop" {
  director "lb1" {}
}

vrrp_defaults {
  advertisement_interval = "100ms"
  interface              = "eth0"

  gratuitous_arp {
    count   = 2
    refresh = "30s"
  }
}

vrrp_instance "all_defaults" {
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}

vrrp_instance "some_defaults" {
  interface              = "eth1"
  virtual_router_id      = 52
  virtual_addresses      = ["198.51.100.10/24"]
  advertisement_interval = null

  gratuitous_arp {
    count = 9
  }
}

virtual_server_defaults {
  protocol   = "tcp"
  scheduler  = "rr"
  forwarding = "dr"
  drain      = "60s"

  check "tcp" {
    fall = 5
  }
  sorry_server {
    address = "192.0.2.90"
  }
}

virtual_server "web" {
  addresses = ["192.0.2.10:80"]

  real_server "a" {
    address = "192.0.2.21"
  }
}

virtual_server "own" {
  addresses = ["192.0.2.10:81"]
  scheduler = "wrr"

  check "http" {}

  real_server "a" {
    address = "192.0.2.21"
  }
  sorry_server {
    address = "192.0.2.91"
  }
}
