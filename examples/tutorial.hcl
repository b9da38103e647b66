# Two directors take the place of one that was driven by shell scripts: one
# virtual address, one web service in direct routing, two real servers.
cluster "tutorial" {
  director "lb1" {
    address = "192.168.2.11"
  }
  director "lb2" {
    address = "192.168.2.12"
  }
}

# What `ipvsadm --set 30 5 60` used to do.
ipvs {
  timeouts {
    tcp     = "30s"
    tcp_fin = "5s"
    udp     = "60s"
  }
}

vrrp_instance "tutorial" {
  interface         = { lb1 = "eth0", lb2 = "eth3" } # the machines differ
  virtual_router_id = 118
  priority          = { lb1 = 150, lb2 = 100 }
  virtual_addresses = ["192.168.2.118/32"]
}

virtual_server "web" {
  addresses   = ["192.168.2.118:80"]
  protocol    = "tcp"
  scheduler   = "wlc"
  forwarding  = "dr"
  persistence = "120s"

  check "http" {
    path     = "/"
    interval = "2s"
    timeout  = "1s"
    fall     = 3
    rise     = 2
  }

  real_server "rip1" {
    address = "192.168.2.119"
    weight  = 1
  }
  real_server "rip2" {
    address = "192.168.2.35"
    weight  = 1
  }
}
