cluster "shop" {
  director "lb1" {}
}

notify "user" {
  events = ["*"]
  webhook { url = "https://hald:secret@alerts.example.net/" }
}

notify "scheme" {
  events = ["*"]
  webhook {
    url     = "ftp://alerts.example.net/"
    timeout = "0s"
    headers = ["Authorization"]
  }
}

notify "secret" {
  events = ["*"]
  webhook {
    url    = "http://alerts.example.net/#here"
    secret = env("HALD_TEST_SECRET")
  }
}

notify "authority" {
  events = ["*"]
  webhook {
    url = "http://alerts.example.net/"
    ca  = "/nowhere/ca.pem"
  }
}
