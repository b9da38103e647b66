cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "inside" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.0.10/24"]
  priority          = { lb1 = 150, lb2 = 100 }
  preempt           = true
  preempt_delay     = "10s"
}
vrrp_instance "outside" {
  interface         = "eth1"
  virtual_router_id = 51
  virtual_addresses = ["192.0.1.10/24"]
  advertisement_interval = "500ms"
  preempt           = false
  on_split          = "report"
}
vrrp_instance "third" {
  interface         = "eth2"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  preempt_delay     = "30s"
  on_split          = "yield"
}
vrrp_sync_group "edge" {
  members = ["inside", "outside", "third"]
}
