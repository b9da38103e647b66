cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  http       = "127.0.0.1:7112"
  http_names = ["lb1.example.net:7112", "LB1"]
}
