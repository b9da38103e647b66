cluster "shop" {
  director "lb1" {}
}

notify "empty" {
  events = ["*"]
  smtp { to = [] }
}

notify "wrong" {
  events = ["*"]
  smtp {
    server   = "mail.example.net"
    from     = "hald"
    to       = ["Ops <ops@example.net>"]
    username = "hald"
    collect  = "2h"
  }
}

notify "readable" {
  events = ["*"]
  smtp {
    server   = "mail.example.net:25"
    from     = "hald@example.net"
    to       = ["ops@example.net"]
    username = "hald"
    password = env("HALD_TEST_SECRET")
    starttls = false
  }
}
