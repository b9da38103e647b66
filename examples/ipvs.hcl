# What IPVS can do beside the plain web service: an IPv6 service whose servers are reached through IPv4 tunnels, SIP, SCTP, and packets
# that the firewall marked, such as ports 80 and 443 together:
#   nft add rule inet filter prerouting ip daddr 192.0.2.100 tcp dport { 80, 443 } meta mark set 7

cluster "edge" {
  director "lb1" { address = "192.0.2.11" }
  director "lb2" { address = "192.0.2.12" }
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  priority          = { lb1 = 150, lb2 = 100 }
  virtual_addresses = ["192.0.2.100/24", "2001:db8::100/64"]
}

virtual_server "web6" {
  addresses           = ["[2001:db8::100]:80"]
  protocol            = "tcp"
  scheduler           = "mh"
  scheduler_flags     = ["mh-port"]
  forwarding          = "tun"
  persistence         = "60s"
  persistence_netmask = 64

  tunnel {
    type = "gue"
    port = 6080
  }
  check "tcp" {}

  real_server "web1" { address = "192.0.2.21" }
  real_server "web2" { address = "192.0.2.22" }
}

virtual_server "sip" {
  addresses          = ["192.0.2.100:5060"]
  protocol           = "udp"
  forwarding         = "nat"
  persistence        = "60s"
  persistence_engine = "sip"

  check "tcp" { port = 5060 }

  real_server "proxy1" { address = "192.0.2.31" }
}

virtual_server "diameter" {
  addresses  = ["192.0.2.100:3868"]
  protocol   = "sctp"
  forwarding = "dr"

  check "none" {}

  real_server "dra1" { address = "192.0.2.41" }
}

virtual_server "web_and_secure" {
  fwmark      = 7
  family      = "ipv4"
  forwarding  = "dr"
  persistence = "300s"

  check "tcp" { port = 80 }

  real_server "web1" { address = "192.0.2.21" }
  real_server "web2" { address = "192.0.2.22" }
}
