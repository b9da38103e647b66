cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  version = 2
  advertisement_interval = "100ms"
}
vrrp_instance "long" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = ["192.0.2.11/24"]
  version = 2
  advertisement_interval = "256s"
}
vrrp_instance "half" {
  interface         = "eth0"
  virtual_router_id = 53
  virtual_addresses = ["192.0.2.12/24"]
  version = 2
  advertisement_interval = "1.5s"
}
