# Version 2 beside version 3, multicast and unicast.
cluster "shop" {
  director "lb1" {
    address = "192.0.2.1"
  }
  director "lb2" {
    address = "192.0.2.2"
  }
  director "lb3" {
    address = "192.0.2.3"
  }
}

vrrp_defaults {
  advertisement_interval = "60s"
  version                = 2

  authentication {
    type = "simple"
    key  = file("../vrrp.key")
  }
}

vrrp_instance "inherits" {
  interface         = "eth0"
  virtual_router_id = 1
  virtual_addresses = ["192.0.2.10/24", "2001:db8::10"]
}

vrrp_instance "own_key" {
  interface              = "eth0"
  virtual_router_id      = 2
  virtual_addresses      = ["192.0.2.11/24"]
  advertisement_interval = "255s"
  address_lease          = "768s"
  preempt                = false
  preempt_delay          = "0s"
  start_delay            = "1h"

  authentication {
    type = "simple"
    key  = "12345678"
  }
}

vrrp_instance "unicast" {
  interface         = "eth1"
  virtual_router_id = 1
  virtual_addresses = ["198.51.100.10/24"]
  unicast           = true
  preempt_delay     = "1m30s"
}

vrrp_instance "unicast_source" {
  interface         = "eth1"
  virtual_router_id = 2
  virtual_addresses = ["192.0.2.251/32"]
  unicast           = true
  source_address    = { lb1 = "192.0.2.1", lb2 = "192.0.2.2", lb3 = "192.0.2.3" }
}
