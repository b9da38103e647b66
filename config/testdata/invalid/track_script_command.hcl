cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "script" "word" {
    command = "/bin/true"
  }
  track "script" "empty" {
    command = []
  }
  track "script" "relative" {
    command = ["pidof", "nginx"]
  }
  track "script" "number" {
    command = ["/bin/sleep", 5]
  }
  track "script" "missing" {
    command = ["/nonexistent/check", "nginx"]
  }
  track "script" "folder" {
    command = ["/usr"]
  }
  track "script" "hidden" {
    command = [env("HALD_TEST_SECRET")]
  }
}
