cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  http_names = ["lb1.example.net"]
}
