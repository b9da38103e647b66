cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.100/24"]

  virtual_rule "bare" {
    table    = 100
    priority = 500
  }
  virtual_rule "families" {
    from     = "192.0.2.0/24"
    to       = "2001:db8::/32"
    table    = 0
    priority = 32766
  }
  virtual_rule "marks" {
    fwmark = "0x1ff/0xff"
    table  = 100
  }
  virtual_rule "first" {
    from     = "192.0.2.9/24"
    fwmark   = "blue"
    table    = 100
    priority = 600
  }
  virtual_rule "second" {
    from     = "192.0.2.1"
    table    = 100
    priority = 601
  }
  virtual_rule "third" {
    from     = "192.0.2.2"
    table    = 101
    priority = 601
    lookup   = 5
  }
}
