cluster "shop" {
  director "lb1" {}
}

notify "routes" {
  events  = ["vrrp.transition", "vrrp.*", "quorum.lost"]
  give_up = "1m"
  exec {
    command = ["/bin/true"]
    stage   = "before"
    timeout = "61s"
  }
}
