cluster "shop" {
  director "lb1" {
    address = "192.0.2.11"
  }
  director "lb2" {
    address = "192.0.2.12"
  }
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.100/24"]

  virtual_route "203.0.113.0/24" {
    via = "192.0.2.1"
  }
}

vrrp_instance "back" {
  interface         = "eth1"
  virtual_router_id = 52
  virtual_addresses = ["198.51.100.100/24"]

  virtual_route "203.0.113.0/24" {
    via = "198.51.100.1"
  }
  virtual_route "203.0.113.0/24" {
    table = 7
  }
}
