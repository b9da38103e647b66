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
  virtual_addresses = ["192.0.2.100/24", "2001:db8::100/64"]

  virtual_route "203.0.113.0/24" {
    via       = "192.0.2.1"
    interface = { lb1 = "eth1", lb2 = "bond0" }
    table     = 100
    metric    = 50
    source    = "192.0.2.100"
  }
  virtual_route "203.0.113.0/24" {
    interface = "eth0"
    source    = { lb1 = "192.0.2.11", lb2 = "192.0.2.12" }
  }
  virtual_route "::/0" {
    via    = "fe80::1"
    source = "2001:db8::100"
  }
}

vrrp_instance "back" {
  interface         = "eth1"
  virtual_router_id = 52
  virtual_addresses = ["198.51.100.100/24"]

  dynamic "virtual_route" {
    for_each = ["10.1.0.0/16", "10.2.0.0/16"]
    iterator = n
    labels   = [n.value]
    content {
      via = "198.51.100.1"
    }
  }
}
