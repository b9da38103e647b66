cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
