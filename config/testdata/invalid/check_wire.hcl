cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "ping" "gateway" { port = 7 }
  track "udp" "syslog" { address = "192.0.2.30" }
}
virtual_server "web" {
  addresses  = ["192.0.2.10:53"]
  protocol   = "udp"
  forwarding = "nat"
  check "tcp" {
    send = "QUIT"
  }
  check "udp" {
    expect = "x"
  }
  check "dns" {
    name      = "a..b"
    type      = "ANY"
    transport = "tls"
  }
  check "dns" {
    type   = "A"
    expect = "2001:db8::1"
  }
  check "dns" {
    rcode  = "NXDOMAIN"
    expect = "x"
  }
  check "smtp" {
    helo = "two words"
  }
  check "ping" {
    size = 8
    port = 80
  }
  check "file" {}
  check "file" {
    path = "/nowhere/at/all"
  }
  check "exec" {
    command = ["/bin/true"]
    user    = "nobody-at-all"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
