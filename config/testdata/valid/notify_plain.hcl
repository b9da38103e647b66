# A warning: whoever is on the way can read the headers.
cluster "shop" {
  director "lb1" {}
}

notify "plain" {
  events = ["quorum.lost"]
  webhook {
    url     = "http://alerts.example.net/hook"
    headers = { Authorization = env("HALD_TEST_SECRET") }
  }
}
