cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["fe80::10"]
}
vrrp_instance "other" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["fe80::11"]
}
vrrp_instance "four" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10"]
}
