cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24", "2001:db8::10/64"]
  preempt           = false
}
ipvs {
  connection_sync {
    vrrp_instance = "shop"
    interface     = "eth1"
  }
}
virtual_server "six" {
  addresses  = ["[2001:db8::10]:80"]
  protocol   = "tcp"
  forwarding = "tun"
  check "tcp" { port = 80 }
  real_server "a" { address = "2001:db8::21" }
  sorry_server { address = "192.0.2.29" }
}
virtual_server "both" {
  addresses  = ["192.0.2.10:81", "[2001:db8::10]:81"]
  protocol   = "tcp"
  forwarding = "tun"
  check "tcp" { port = 80 }
  real_server "named" { dns = "web.example.net" }
  real_server "listed" { file = "/run/tool/web.json" }
  real_server "served" { srv = "_http._tcp.example.net" }
}
