cluster "shop" {
  director "lb1" {
    address = "2001:db8::1"
  }
  director "lb2" {
    address = "2001:db8::2"
  }
}

vrrp_instance "six" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["fe80::10/64", "2001:db8::10/64", "2001:db8::11", "2001:db8:1::/127", "192.0.2.11"]
  source_address    = { lb1 = "fe80::1", lb2 = "fe80::2" }
}

vrrp_instance "same_id" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24", "2001:db8::12"]
}

vrrp_instance "same_gateway" {
  interface         = "eth1"
  virtual_router_id = 51
  virtual_addresses = ["fe80::10/64"]
}

vrrp_instance "unicast" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = concat(["fe80::11"], [for i in range(0, 3) : cidrhost("2001:db8:2::/64", 1 + i)])
  unicast           = true
  source_address    = director.address
}

# A warning: the first address is not link-local.
vrrp_instance "global" {
  interface         = "eth0"
  virtual_router_id = 53
  virtual_addresses = ["2001:db8::13/64"]
}
