cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_sync_group "edge" {
  members = ["inside", "outside"]
}
