cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  source_address = "fe80::1"
}
vrrp_instance "six" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["fe80::10"]
  source_address = "192.0.2.1"
}
