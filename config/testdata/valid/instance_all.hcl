cluster "shop" {
  director "lb1" {
    address = "192.0.2.1"
  }
  director "lb2" {}
}

vrrp_instance "all" {
  interface              = { lb1 = "eth0", lb2 = "eth3" }
  virtual_router_id      = 51
  version                = 3
  priority               = { lb1 = 254, lb2 = 1 }
  advertisement_interval = "10ms"
  virtual_addresses      = ["192.0.2.10/24", "192.0.2.11", "198.51.100.0/31"]
  preempt                = false
  accept                 = false
  source_address         = { lb1 = "192.0.2.1", lb2 = "192.0.2.2" }
  checksum               = "rfc9568"
  address_lease          = "off"

  gratuitous_arp {
    count    = 1
    delay    = "0s"
    refresh  = "0s"
    interval = "500us"
  }
}

vrrp_instance "none_held" {
  interface              = "eth0"
  virtual_router_id      = 52
  advertisement_interval = "40.95s"
  virtual_addresses      = ["192.0.2.250/32"]
}

vrrp_instance "leased" {
  interface         = "eth1"
  virtual_router_id = 51
  virtual_addresses = ["203.0.113.10/24"]
  address_lease     = "4s"
  virtual_mac       = true
}
