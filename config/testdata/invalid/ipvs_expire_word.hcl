cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24", "2001:db8::10/64"]
  preempt           = false
}
ipvs {
  expire_nodest_conn = 1
}
