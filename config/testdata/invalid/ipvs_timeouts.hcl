cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
ipvs {
  timeouts {
    tcp     = "1500ms"
    tcp_fin = "0s"
    udp     = "1000h"
  }
}
