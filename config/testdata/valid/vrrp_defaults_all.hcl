cluster "shop" {
  director "lb1" {
    address = "192.0.2.1"
  }
  director "lb2" {
    address = "192.0.2.2"
  }
}

# Whatever an instance may say, the defaults may say for it.
vrrp_defaults {
  interface              = "eth0"
  version                = 3
  virtual_router_id      = 7
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "250ms"
  virtual_addresses      = ["192.0.2.10/24"]
  preempt_delay          = "30s"
  accept                 = false
  unicast                = true
  source_address         = director.address
  checksum               = "rfc9568"
  start_delay            = "5s"
  address_lease          = "10s"
  on_conflict            = "hold"
  on_split               = "yield"

  gratuitous_arp {
    count    = 3
    delay    = "2s"
    refresh  = "30s"
    interval = "1ms"
  }
  authentication {
    type = "hmac-sha256"
    key  = "0123456789abcdef0123456789abcdef"
  }
  virtual_address "192.0.2.11/24" {
    label     = "eth0:vip"
    advertise = false
  }
  virtual_route "203.0.113.0/24" {
    via = "192.0.2.254"
  }
  virtual_rule "answers" {
    from     = "192.0.2.10"
    table    = 100
    priority = 500
  }
  track "interface" "eth1" {
    weight = -20
  }
}

vrrp_instance "all_of_it" {
}
