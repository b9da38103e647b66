locals {
  own = "192.0.2.${director.name == "lb1" ? 1 : 2}"
}
cluster "shop" {
  director "lb1" {
    address = local.own
  }
}
