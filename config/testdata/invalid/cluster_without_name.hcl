cluster {
  director "lb1" {}
}
