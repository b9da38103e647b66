cluster "shop" {
  director "lb1" {}
}

virtual_server_defaults {
  protocol            = "udp"
  scheduler           = "mh"
  scheduler_flags     = ["mh-port", "mh-fallback"]
  forwarding          = "tun"
  persistence         = "120s"
  persistence_netmask = "255.255.255.0"
  persistence_engine  = "sip"
  one_packet          = true
  quorum              = 3
  hysteresis          = 2
  max_failed          = 0.5
  on_fail             = "quiesce"
  drain               = "60s"
  slow_start          = "20s"
  initial             = "down"

  tunnel {
    type     = "gue"
    port     = 6080
    checksum = true
  }
  check "dns" {
    interval = "5s"
  }
  real_server "a" {
    address = "192.0.2.21"
    weight  = 3
  }
  real_server "b" {
    address         = "192.0.2.22"
    weight          = 2
    upper_threshold = 100
    lower_threshold = 80
    forwarding      = "nat"
    check "none" {}
  }
  sorry_server {
    address  = "192.0.2.90"
    disabled = true
  }
}

virtual_server "all_defaults" {
  addresses = ["192.0.2.10:53"]
}

virtual_server "some_defaults" {
  fwmark              = 7
  family              = "ipv6"
  persistence_netmask = 64
  quorum              = 1
  hysteresis          = 0

  tunnel {
    type = "gre"
  }
  check "none" {}
  real_server "c" {
    address = "2001:db8::21"
  }
  sorry_server {
    address = "2001:db8::90"
  }
}
