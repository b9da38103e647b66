cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = [for i in range(0, 91) : cidrhost("fe80::/64", 16 + i)]
}
