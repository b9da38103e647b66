cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "both" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.100/24"]

  virtual_address "10.1.0.9/24" {
    interface = { lb1 = "eth1", lb2 = "bond0" }
    label     = { lb1 = "eth1:vip", lb2 = "bond0:vip" }
    scope     = "link"
  }
  virtual_address "192.0.2.101" {
    interface = "eth0"
    label     = "eth0:vip"
    advertise = false
  }
  virtual_address "2001:db8::100/64" {
    interface = "eth2"
  }
}

vrrp_instance "blocks" {
  interface         = "eth0"
  virtual_router_id = 52

  dynamic "virtual_address" {
    for_each = range(1, 4)
    iterator = n
    labels   = ["fe80::${n.value}/64"]
    content {
      advertise = n.value < 3
    }
  }
  virtual_address "fe80::1/64" {
    interface = "eth1"
  }
}
