cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_defaults {
  advertisement_interval = "300s"
}
