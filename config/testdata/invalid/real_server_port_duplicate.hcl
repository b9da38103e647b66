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

  real_server "a" {
    address = "192.0.2.21"
  }
  real_server "b" {
    address = "192.0.2.21:80"
  }
  real_server "another" {
    address = "192.0.2.21:81"
  }
  sorry_server {
    address = "192.0.2.21:80"
  }
}
virtual_server "two" {
  addresses  = ["192.0.2.10:8080", "192.0.2.10:8081"]
  protocol   = "tcp"
  forwarding = "nat"
  check "tcp" {}

  real_server "a" {
    address = "192.0.2.21:8081"
  }
  real_server "b" {
    address = "192.0.2.21"
  }
}
