cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  peer = "192.0.2.12:7112"
}
