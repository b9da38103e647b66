# The smallest useful cluster: two directors share one address, and pass
# its web traffic straight on to two servers.
cluster "demo" {
  director "lb1" {
    address = "10.10.0.11"
  }
  director "lb2" {
    address = "10.10.0.12"
  }
}

vrrp_instance "demo" {
  interface         = "eth0"
  virtual_router_id = 10
  priority          = { lb1 = 150, lb2 = 100 }
  virtual_addresses = ["10.10.0.100/24"]
}

virtual_server "web" {
  addresses  = ["10.10.0.100:80"]
  protocol   = "tcp"
  scheduler  = "rr"
  forwarding = "dr"

  check "http" {
    path = "/"
  }

  real_server "web1" {
    address = "10.10.0.21"
  }
  real_server "web2" {
    address = "10.10.0.22"
  }
}
