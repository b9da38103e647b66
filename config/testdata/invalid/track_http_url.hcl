cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "http" "word" {
    url = "localhost"
  }
  track "http" "name" {
    url = "http://www.example.net/"
  }
  track "http" "tls" {
    url = "https://127.0.0.1/"
  }
  track "http" "scheme" {
    url = "ftp://127.0.0.1/"
  }
  track "http" "user" {
    url = "http://me:secret@127.0.0.1/"
  }
  track "http" "port" {
    url = "http://127.0.0.1:99999/"
  }
  track "http" "fragment" {
    url = "http://127.0.0.1/#top"
  }
  track "http" "multicast" {
    url = "http://224.0.0.18/"
  }
  track "http" "twice" {
    url     = "http://127.0.0.1:8080/healthz"
    address = "127.0.0.1"
    path    = "/"
  }
}
