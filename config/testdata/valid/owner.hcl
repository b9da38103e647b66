# An address owner, by a map and by an expression.
cluster "shop" {
  director "lb1" {
    address = "192.0.2.1"
  }
  director "lb2" {}
}

vrrp_instance "map" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  priority          = { lb1 = 255, lb2 = 100 }
}

vrrp_instance "expression" {
  interface         = "eth0"
  virtual_router_id = 52
  virtual_addresses = ["192.0.2.11/24"]
  priority          = director.name == "lb2" ? 255 : 254
  preempt           = false
}
