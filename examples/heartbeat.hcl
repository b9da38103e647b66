# A pair that hears each other by two links: the one of the clients, and a cable between
# the two directors. A switch that fails makes no second master, and is told of
# (vrrp.path_down). Nothing is held on the cable, so that a cable that is pulled is a
# fault of nobody.
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_defaults {
  priority = { lb1 = 150, lb2 = 100 }
}

vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.168.2.118/24"]
}

vrrp_instance "cable" {
  interface         = "eth1"
  virtual_router_id = 51
  virtual_addresses = []
}

vrrp_sync_group "pair" {
  members = ["front", "cable"]
}
