cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "tcp" "cache" {
    address = "127.0.0.1"
    port    = 11211
    send    = "version\r\n"
    expect  = "^VERSION"
  }
  track "udp" "syslog" {
    address = "192.0.2.30"
    port    = 514
  }
  track "dns" "resolver" { address = "192.0.2.53" }
  track "smtp" "mx" {
    address  = "2001:db8::25"
    starttls = true
  }
  track "ping" "gateway" {
    address = "192.0.2.1"
    source  = "192.0.2.11"
    mark    = 3
    weight  = -20
  }
  track "exec" "disk" {
    command = ["/bin/true"]
    user    = "nobody"
  }
}
virtual_server "web" {
  addresses  = ["192.0.2.10:53"]
  protocol   = "udp"
  forwarding = "nat"
  check "tcp" {
    expect = "ready"
  }
  check "udp" {
    send   = "ping"
    expect = "^pong"
  }
  check "dns" {
    name      = "www.example.net"
    type      = "AAAA"
    expect    = "2001:DB8:0::1"
    transport = "tcp"
  }
  check "dns" {
    rcode = "REFUSED"
  }
  check "smtp" {
    port = 25
    helo = "[192.0.2.11]"
  }
  check "ping" {
    size = 1400
  }
  check "file" {
    path = "/etc/passwd"
  }
  check "exec" {
    command = ["/bin/true"]
    user    = "root"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
