# Signed adverts: keys of defaults, keys of one's own while they change, and the
# step between signing and insisting on it.
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

vrrp_defaults {
  authentication {
    type = "hmac-sha256"
    key  = chomp(file("../hmac.key"))
  }
}

vrrp_instance "inherits" {
  interface         = "eth0"
  virtual_router_id = 1
  virtual_addresses = ["192.0.2.10/24"]
}

vrrp_instance "changes_keys" {
  interface         = "eth0"
  virtual_router_id = 2
  virtual_addresses = ["192.0.2.11/24"]

  authentication {
    type = "hmac-sha256"
    id   = 2
    key  = "0123456789abcdef0123456789abcdef"
  }
  authentication {
    type = "hmac-sha256"
    key  = chomp(file("../hmac.key"))
  }
}

vrrp_instance "begins" {
  interface         = "eth0"
  virtual_router_id = 3
  virtual_addresses = ["192.0.2.12/24"]

  authentication {
    type     = "hmac-sha256"
    key      = chomp(file("../hmac.key"))
    required = false
  }
}

vrrp_instance "as_keepalived_writes_it" {
  interface         = "eth0"
  virtual_router_id = 5
  virtual_addresses = ["192.0.2.13/24"]

  authentication {
    type = "hmac-sha256"
    key  = "hex:ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F"
  }
}

vrrp_instance "six" {
  interface         = "eth0"
  virtual_router_id = 4
  virtual_addresses = [for i in range(89) : "fe80::${format("%x", i + 1)}"]
}
