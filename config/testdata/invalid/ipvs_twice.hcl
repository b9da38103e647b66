cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
ipvs {
  clear_on_stop = true
}
ipvs {
  clear_on_stop = false
}
