# The cluster of the demonstration. The same file goes to both directors.

cluster "demo" {
  director "lb1" {
    address = "192.0.2.11"
  }
  director "lb2" {
    address = "192.0.2.12"
  }
}

vrrp_instance "front" {
  interface              = "eth0"
  virtual_router_id      = 51
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "1s"
  virtual_addresses = [
    "192.0.2.100/24",  # the clients' address
    "198.51.100.1/24", # the gateway of the NAT server moves with it
  ]
}

virtual_server "web" {
  addresses  = ["192.0.2.100:80"]
  protocol   = "tcp"
  scheduler  = "rr"
  forwarding = "dr"

  check "http" {
    path     = "/healthz"
    interval = "1s"
    timeout  = "500ms"
    fall     = 2
    rise     = 1
  }

  real_server "web1" {
    address = "192.0.2.21"
  }
  real_server "web2" {
    address    = "198.51.100.22"
    forwarding = "nat"
  }
  real_server "web3" {
    address    = "192.0.2.23"
    forwarding = "tun"
  }
}
