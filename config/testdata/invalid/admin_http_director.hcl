cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  http = { lb1 = "127.0.0.1:7112" }
}
