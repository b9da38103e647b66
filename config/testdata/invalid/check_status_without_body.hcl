cluster "shop" {
  director "lb1" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
}
virtual_server "web" {
  addresses  = ["192.0.2.10:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "http" {
    status = [204, "304-304", "100-101"]
    expect = "well"
  }
  check "https" {
    status      = [205]
    weight_body = true
    sha256      = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  }
  real_server "a" {
    address = "192.0.2.21"
  }
}
