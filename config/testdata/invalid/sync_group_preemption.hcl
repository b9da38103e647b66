cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "inside" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.0.10/24"]
  preempt           = false
}
vrrp_instance "outside" {
  interface         = "eth1"
  virtual_router_id = 51
  virtual_addresses = ["192.0.1.10/24"]
  preempt_delay     = "30s"
}
vrrp_sync_group "edge" {
  members = ["inside", "outside"]
}
