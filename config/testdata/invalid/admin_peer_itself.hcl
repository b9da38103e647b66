cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  http = "192.0.2.11:7112"
  peer = "192.0.2.11:7112"
}
