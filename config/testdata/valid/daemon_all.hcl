cluster "shop" {
  director "lb1" {}
}

ipvs {
  timeouts {
    tcp     = "900s"
    tcp_fin = "2m"
    udp     = "300s"
  }
  clear_on_stop = true
}

log {
  level  = "debug"
  format = "console"
}

admin {
  socket       = "/run/lb/hald.sock"
  socket_group = "adm"
  socket_mode  = "0600"
  http         = { lb1 = "0.0.0.0:7112" }
  http_names   = ["lb1.example.net", "status.example.net"]
  peer         = "[2001:db8::12]:7112"
}
