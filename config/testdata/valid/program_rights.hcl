cluster "shop" {
  director "lb1" {}
}
vrrp_instance "front" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "script" "proxy" {
    command = ["/bin/true"]
  }
  track "exec" "disk" {
    command = ["/bin/true"]
  }
  track "script" "wire" {
    command = ["/bin/true"]
    user    = "nobody"
  }
  track "exec" "line" {
    command = ["/bin/true"]
    user    = "nobody"
  }
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "exec" {
    command = ["/bin/true"]
  }
  real_server "web1" {
    address = "192.0.2.21"
  }
  real_server "web2" {
    address = "192.0.2.22"
    check "exec" {
      command = ["/bin/true"]
      user    = "root"
    }
  }
}
notify "script" {
  events = ["vrrp.transition"]
  exec {
    command = ["/bin/true"]
  }
}
