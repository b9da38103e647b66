# Three directors in a network that carries no multicast. Each sends its adverts
# to the others' addresses, and believes only what comes from there.
cluster "cloud" {
  director "lb1" {
    address = "10.30.0.11"
  }
  director "lb2" {
    address = "10.30.0.12"
  }
  director "lb3" {
    address = "10.30.0.13"
  }
}

vrrp_instance "cloud" {
  interface         = "eth0"
  virtual_router_id = 30
  unicast           = true
  priority          = { lb1 = 150, lb2 = 100, lb3 = 50 }
  virtual_addresses = ["10.30.0.100/24"]
}
