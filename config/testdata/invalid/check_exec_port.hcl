cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
virtual_server "mail" {
  addresses  = ["192.0.2.10:25"]
  protocol   = "tcp"
  forwarding = "nat"
  check "exec" {
    command = ["/bin/true"]
    port    = 25
    address = "192.0.2.9"
    verify  = true
  }
  real_server "mx1" {
    address = "192.0.2.21"
  }
}
