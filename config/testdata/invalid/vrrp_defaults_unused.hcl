cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_defaults {
  priority = 300
}
