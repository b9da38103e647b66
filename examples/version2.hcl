# Beside routers that speak VRRP version 2 and want a password: the key is in a
# file of its own, which is not shown in any message.
cluster "legacy" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "legacy" {
  interface              = "eth0"
  virtual_router_id      = 40
  version                = 2
  advertisement_interval = "1s" # whole seconds, the same on all routers
  priority               = { lb1 = 150, lb2 = 100 }
  virtual_addresses      = ["10.40.0.100/24"]

  authentication {
    type = "simple"
    key  = file("version2.key") # at most 8 bytes
  }
}
