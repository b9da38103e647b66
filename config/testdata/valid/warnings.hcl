cluster "shop" {
  director "lb1" {}
}

virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"
  quorum     = 2

  check "none" {}

  real_server "a" {
    address = "192.0.2.21"
  }
  real_server "b" {
    address  = "192.0.2.22"
    disabled = true
  }
}

virtual_server "drained" {
  addresses  = ["192.0.2.10:81"]
  protocol   = "tcp"
  forwarding = "dr"

  check "none" {}

  real_server "a" {
    address = "192.0.2.21"
    weight  = 0
  }
}

virtual_server "weightless" {
  addresses  = ["192.0.2.10:82"]
  protocol   = "tcp"
  scheduler  = "rr"
  forwarding = "dr"
  slow_start = "10s"
  quorum     = 100
  hysteresis = 10

  check "exec" {
    command        = ["/bin/true"]
    dynamic_weight = true
  }

  real_server "a" {
    address = "192.0.2.21"
  }
}

virtual_server "twice" {
  addresses  = ["192.0.2.10:83"]
  protocol   = "tcp"
  forwarding = "dr"

  check "http" {
    path = "/health"
  }

  check "http" {
    path = "/ready"
  }

  check "http" {
    path   = "/health"
    status = ["200-399"]
  }

  real_server "a" {
    address = "192.0.2.21"
  }
}
