cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
log {
  level  = "warning"
  format = "text"
}
