cluster "shop" {
  director "lb1" {}
}

locals {
  net = "192.0.2"
}
