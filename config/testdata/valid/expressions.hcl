locals {
  last  = local.first + 1
  net   = "192.0.2.0/24"
  first = length(local.names) - 1
}

locals {
  names  = ["a", "b"]
  master = director.name == "lb1"
  who    = "${cluster.name}-${director.name}-${director.address}"
}

cluster "shop" {
  director "lb1" {
    address = cidrhost(local.net, local.first)
  }
  director "lb2" {
    address = cidrhost(local.net, local.last)
  }
}

vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = max(1, 51)
  priority          = local.master ? 150 : 100
  virtual_addresses = [for i in range(10, 13) : "${cidrhost(local.net, i)}/24" if i != 11]
}

virtual_server "web" {
  addresses  = formatlist("192.0.2.10:%d", [80, 443])
  protocol   = "tcp"
  forwarding = "nat"

  dynamic "check" {
    for_each = { tcp = "500ms", http = "1s" }
    labels   = [check.key]
    content {
      interval = check.value
      timeout  = check.value
    }
  }

  dynamic "real_server" {
    for_each = local.names
    iterator = server
    labels   = ["web-${server.value}"]
    content {
      address = cidrhost(local.net, 20 + server.key)

      dynamic "check" {
        for_each = server.value == "b" ? ["x"] : []
        labels   = ["http"]
        content {
          path    = "/${server.value}/${local.who}"
          headers = { Authorization = "Bearer ${env("HALD_TEST_SECRET")}" }
          body    = file("../body.txt")
          host    = try(env("HALD_TEST_NOT_SET"), "fallback.example.net")
        }
      }
    }
  }
}

dynamic "virtual_server" {
  for_each = { smtp = 25 }
  labels   = [virtual_server.key]
  content {
    addresses  = ["192.0.2.10:${virtual_server.value}"]
    protocol   = "tcp"
    forwarding = "dr"

    check "tcp" {}
    real_server "mx" {
      address = "192.0.2.40"
    }
  }
}
