# A gateway with two virtual addresses and several services, written with
# locals, functions and dynamic blocks instead of repetition.
locals {
  inside  = "10.1.0.0/24"
  vip     = cidrhost(local.inside, 1)
  workers = [for i in range(1, 5) : { name = "web${i}", address = cidrhost(local.inside, 20 + i) }]
}

cluster "shop" {
  director "lb1" {
    address = cidrhost(local.inside, 11)
  }
  director "lb2" {
    address = cidrhost(local.inside, 12)
  }
}

log {
  level  = "info"
  format = "json"
}

vrrp_defaults {
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "100ms"

  gratuitous_arp {
    refresh = "30s"
  }
}

vrrp_instance "outside" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["203.0.113.10/24"]
}

vrrp_instance "inside" {
  interface         = "eth1"
  virtual_router_id = 52
  virtual_addresses = ["${local.vip}/24"]
}

virtual_server_defaults {
  protocol   = "tcp"
  forwarding = "nat"
  drain      = "60s"
}

virtual_server "web" {
  addresses = formatlist("203.0.113.10:%d", [80, 443])
  scheduler = "mh"
  quorum    = 2
  on_fail   = "quiesce"

  check "http" {
    port     = 8080
    path     = "/healthz"
    host     = "www.example.net"
    status   = ["200-299"]
    interval = "3s"
    timeout  = "2s"
  }

  # One real server for each worker, the last one at half the weight.
  dynamic "real_server" {
    for_each = local.workers
    labels   = [real_server.value.name]
    content {
      address = "${real_server.value.address}:8080"
      weight  = real_server.key < length(local.workers) - 1 ? 2 : 1
    }
  }

  sorry_server {
    address = "10.1.0.90:8080"
  }
}

# The same name servers for both protocols.
dynamic "virtual_server" {
  for_each = ["tcp", "udp"]
  labels   = ["dns-${virtual_server.value}"]
  content {
    addresses = ["${local.vip}:53"]
    protocol  = virtual_server.value

    check "tcp" {
      interval = "1s"
    }
    real_server "ns1" {
      address = "10.1.0.31"
    }
    real_server "ns2" {
      address = "10.1.0.32"
    }
  }
}
