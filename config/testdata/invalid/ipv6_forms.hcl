cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = [
    "fe80::10/64",
    "fe80::10",
    "fe80::11%eth0",
    "2001:db8::1/0",
    "2001:db8::1/129",
    "2001:db8::/64",
    "ff02::12",
    "::1",
    "::",
    "2001:db8::1::2",
    "[2001:db8::1]",
  ]
}
