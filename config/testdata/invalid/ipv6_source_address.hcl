cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["fe80::10"]
  source_address = { lb1 = "fe80::1", lb2 = "2001:db8::2" }
}
