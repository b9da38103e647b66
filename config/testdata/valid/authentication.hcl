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

vrrp_instance "six" {
  interface         = "eth0"
  virtual_router_id = 4
  virtual_addresses = [for i in range(89) : "fe80::${format("%x", i + 1)}"]
}
