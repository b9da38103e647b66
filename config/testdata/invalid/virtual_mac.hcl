cluster "shop" {
  director "lb1" {
    address = "192.0.2.1"
  }
  director "lb2" {
    address = "192.0.2.2"
  }
}
vrrp_defaults {
  virtual_mac = true
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  unicast           = true
}
vrrp_instance "word" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = ["192.0.2.11/24"]
  virtual_mac       = "00:00:5e:00:01:34"
}
vrrp_instance "both" {
  interface         = "eth0"
  virtual_router_id = 53
  virtual_addresses = ["192.0.2.12/24"]
  unicast           = true
  virtual_mac       = false
}
vrrp_instance "owner" {
  interface         = "eth0"
  virtual_router_id = 54
  priority          = { lb1 = 255, lb2 = 100 }
  virtual_addresses = ["192.0.2.13/24"]
  virtual_mac       = true
}
