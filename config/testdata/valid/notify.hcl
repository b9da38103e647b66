# Notifiers: each tells in one way, with patterns, secrets and defaults.
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}

notify "pager" {
  events  = ["vrrp.transition", "quorum.*", "real_server.down"]
  give_up = "1h"
  webhook {
    url     = "https://alerts.example.net/hook?team=${director.name}"
    headers = { Authorization = "Bearer ${env("HALD_TEST_SECRET")}" }
    secret  = "${env("HALD_TEST_SECRET")}-long-enough"
    timeout = "3s"
  }
}

notify "local" {
  events = ["*"]
  webhook {
    url     = "http://127.0.0.1:9093/hook"
    headers = { X-Team = "ops" }
  }
}

notify "script" {
  events = ["vrrp.transition"]
  exec {
    command = ["/bin/true", "--with", "arguments"]
  }
}

notify "once" {
  events  = ["*.failed"]
  give_up = "0s"
  exec {
    command = ["/bin/true"]
    timeout = "500ms"
    user    = "nobody"
    stage   = "after"
  }
}

notify "routes" {
  events = ["vrrp.transition"]
  exec {
    command = ["/bin/true"]
    stage   = "before"
    timeout = "1m"
  }
}

notify "mail" {
  events = ["*"]
  smtp {
    server   = "mail.example.net:587"
    from     = "hald@example.net"
    to       = ["ops@example.net"]
    username = "hald"
    password = env("HALD_TEST_SECRET")
    starttls = true
  }
}

notify "relay" {
  events = ["vrrp.fault"]
  smtp {
    server   = "[2001:db8::25]:25"
    from     = "hald@example.net"
    to       = ["ops@example.net", "boss@example.net"]
    starttls = false
    timeout  = "5s"
    collect  = "1m"
  }
}
