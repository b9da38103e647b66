cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
virtual_server "mail" {
  fwmark     = 7
  family     = "ipv4"
  forwarding = "nat"
  check "exec" {
    command       = ["/bin/true", "$HOME", "*"]
    interval      = "10s"
    timeout       = "5s"
    fast_interval = "1s"
    fall          = 2
    rise          = 1
  }
  check "exec" {
    command        = ["/bin/true"]
    dynamic_weight = true
  }
  real_server "mx1" {
    address = "192.0.2.21"
  }
  real_server "mx2" {
    address = "192.0.2.22:2525"
  }
}
