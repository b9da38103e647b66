cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  priority          = { lb1 = 255, lb2 = 100 }
  virtual_addresses = ["192.0.2.10/24"]

  track "interface" "eth1" {
    weight = -20
  }
  track "interface" "eth2" {}
}
