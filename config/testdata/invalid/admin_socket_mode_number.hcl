cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  socket_mode = 660
}
