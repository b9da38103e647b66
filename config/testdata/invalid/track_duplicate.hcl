cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "process" "nginx" {}
  track "script" "nginx" {
    command = ["/bin/true"]
  }
  track "process" "nginx" {
    weight = -5
  }
}
