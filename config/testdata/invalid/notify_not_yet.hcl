cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
notify "pager" {
  events = ["*"]
  webhook {
    url = "http://127.0.0.1/"
  }
}
