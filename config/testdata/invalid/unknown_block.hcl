cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instnce "shop" {
}
