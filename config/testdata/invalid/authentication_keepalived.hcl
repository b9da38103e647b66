cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  version = 2
  unicast_peer = ["192.0.2.2"]
  authentication {
    auth_type = "PASS"
    auth_pass = "s3cr3t-t0ken"
  }
}
