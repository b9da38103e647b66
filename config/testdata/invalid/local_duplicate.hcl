locals {
  a = 1
}
locals {
  a = 2
}
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
