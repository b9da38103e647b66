cluster "shop" {
  director "lb1" {}
}
vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "nat"
  check "tcp" {}

  real_server "loop" {
    address = "192.0.2.10"
  }
  real_server "local" {
    address = "127.0.0.1:8080"
  }
  sorry_server {
    address = "192.0.2.10:8080"
  }
}
