cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
ipvs {
  expire_nodest_conn        = true
  expire_quiescent_template = true

  connection_sync {
    vrrp_instance = "shop"
  }
}
