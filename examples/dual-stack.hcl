# A pair of gateways for a network with IPv4 and IPv6. Each family has its own
# virtual router; both have the same number, which is unique per family.
cluster "gateway" {
  director "gw1" {}
  director "gw2" {}
}

vrrp_defaults {
  interface     = "eth0"
  priority      = { gw1 = 150, gw2 = 100 }
  preempt_delay = "30s" # a returning gw1 learns its routes before it takes over
  start_delay   = "5s"  # the switch port may still be blocked
}

vrrp_instance "four" {
  virtual_router_id = 20
  virtual_addresses = ["10.20.0.1/24"]
}

# The link-local address comes first: it is the gateway of the hosts.
vrrp_instance "six" {
  virtual_router_id = 20
  virtual_addresses = ["fe80::20:1/64", "2001:db8:20::1/64"]
}
