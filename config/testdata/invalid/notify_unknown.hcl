cluster "shop" {
  director "lb1" {}
}

notify "a b" {
  events = ["vrrp.transitoin", "quorum.?", "nothing.*", 7, ""]
  pager {}
  exec { command = ["/bin/true"] }
}

notify "empty" {
  events = []
  webhook {}
}

notify "empty" {
  exec {
    command = ["true"]
    timeout = "11m"
    user    = "no-such-user"
    stage   = "during"
    shell   = true
  }
}

notify "two" {
  events = ["*"]
  exec { command = ["/bin/true"] }
  webhook { url = "https://alerts.example.net" }
}

notify "none" { events = ["*"] }
