cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  http = "127.0.0.1"
}
