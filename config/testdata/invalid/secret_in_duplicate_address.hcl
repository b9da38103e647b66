locals {
  vip = trimsuffix("192.0.2.10/24${env("HALD_TEST_SECRET")}", env("HALD_TEST_SECRET"))
}
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = [local.vip, local.vip]
}
