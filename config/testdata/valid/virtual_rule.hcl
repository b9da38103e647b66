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

  virtual_rule "answers" {
    from     = "192.0.2.100"
    table    = 100
    priority = 500
  }
  virtual_rule "forwarded" {
    to       = "203.0.113.0/24"
    iif      = { lb1 = "eth1", lb2 = "bond0" }
    fwmark   = "0x10/0xf0"
    table    = 4294967295
    priority = 501
  }
  virtual_rule "everything" {
    from     = "::/0"
    oif      = "eth0"
    fwmark   = 7
    table    = 7
    priority = 500
  }
}
