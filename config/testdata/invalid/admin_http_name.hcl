cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  http = "localhost:7112"
}
