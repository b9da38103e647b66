cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_defaults {
  priority = { lb1 = 150, lb2 = 100 }
}

vrrp_instance "inside" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}

vrrp_instance "outside" {
  interface         = "eth1"
  virtual_router_id = 51
  preempt_delay     = "0ms"
  on_split          = "yield"
  start_delay       = "5s"
  virtual_addresses = ["fe80::10/64", "2001:db8::10/64"]
}

vrrp_instance "alone" {
  interface         = "eth0"
  virtual_router_id = 52
  priority          = 100
  virtual_addresses = ["192.0.2.11/24"]
}

vrrp_sync_group "edge" {
  members = ["outside", "inside"]
}
