cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_defaults {
  on_conflict = "hold"
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  on_conflict       = "wait"
}
vrrp_instance "fast" {
  interface              = "eth0"
  virtual_router_id      = 52
  virtual_addresses      = ["192.0.2.11/24"]
  advertisement_interval = "40ms"
}
