cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
cluster "other" {
  director "lb1" {}
}
