cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
global_defs {
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  state = "MASTER"
  advert_int = 1
  nopreempt = true
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"
  lb_algo = "rr"
  lb_kind = "DR"
  persistence_timeout = 50
  check "exec" {
    command      = ["/bin/true"]
    misc_dynamic = true
  }
  real_server "a" {
    address = "192.0.2.21"
    SSL_GET {
    }
    MISC_CHECK {
    }
  }
}
