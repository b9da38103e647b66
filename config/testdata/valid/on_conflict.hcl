cluster "shop" {
  director "lb1" {
    address = "192.0.2.1"
  }
  director "lb2" {}
}
vrrp_instance "shop" {
  interface              = "eth0"
  virtual_router_id      = 51
  virtual_addresses      = ["192.0.2.10/24"]
  advertisement_interval = "50ms"
  on_conflict            = "hold"
}
vrrp_instance "mail" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = ["192.0.2.11/24"]
}
