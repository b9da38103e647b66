cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "a" {
  interfce          = "eth0"
  virtual_router_id = 300
  priority          = 0
  virtual_addresses = ["192.0.2.10/33", "nonsense"]
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "direct"
  quorum = 9
  check "tcp" {
    intervall = "2s"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
log {
  level = 5
}
