cluster "shop" {
  director "lb1" {}
}
vrrp_defaults {
  advertisement_interval = "100ms"
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  version = 2
}
