cluster "shop" {
  director "lb1" {}
}

vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24", "2001:db8::10/64"]
}

virtual_server_defaults {
  protocol = "tcp"
}

virtual_server "six" {
  addresses           = ["[2001:db8::10]:80"]
  scheduler           = "mh"
  scheduler_flags     = ["mh-port", "mh-fallback"]
  forwarding          = "tun"
  persistence         = "60s"
  persistence_netmask = 64

  tunnel {
    type     = "gue"
    port     = 6080
    checksum = true
  }
  check "tcp" {}

  real_server "over_ipv4" {
    address = "192.0.2.21"
  }
  real_server "gre" {
    address = "2001:db8::22"

    tunnel {
      type = "gre"
    }
  }
  real_server "nat" {
    address    = "[2001:db8::23]:8080"
    forwarding = "nat"
  }
  sorry_server {
    address = "192.0.2.90"
  }
}

virtual_server "sip" {
  addresses           = ["192.0.2.10:5060"]
  protocol            = "udp"
  forwarding          = "nat"
  persistence         = "60s"
  persistence_netmask = "255.255.255.0"
  persistence_engine  = "sip"
  one_packet          = true

  check "none" {}

  real_server "a" {
    address = "192.0.2.21"
  }
}

virtual_server "signalling" {
  addresses  = ["192.0.2.10:2905"]
  protocol   = "sctp"
  forwarding = "dr"

  check "none" {}

  real_server "a" {
    address = "192.0.2.21"
  }
}

virtual_server "marked" {
  fwmark     = 7
  family     = "ipv6"
  forwarding = "dr"

  check "tcp" {
    address = "2001:db8::99"
    port    = 80
  }

  real_server "a" {
    address = "2001:db8::21"
  }
}
