cluster "shop" {
  director "lb1" {
    address = "192.0.2.11/24"
  }
}
