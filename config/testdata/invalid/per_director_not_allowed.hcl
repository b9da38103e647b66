cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = { lb1 = 51, lb2 = 52 }
  virtual_addresses = ["192.0.2.10/24"]
}
