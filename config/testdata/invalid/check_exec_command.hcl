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
  check "exec" {}
  check "exec" {
    command = "/bin/true"
  }
  check "exec" {
    command = ["/nonexistent/check"]
  }
  check "exec" {
    command = ["true"]
    timeout = "3s"
  }
  check "exec" {
    command        = ["/bin/true"]
    dynamic_weight = "yes"
  }
  real_server "mx1" {
    address = "192.0.2.21"
  }
}
