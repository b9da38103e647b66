cluster "shop" {
  director "lb1" {
    address = director.name
  }
}
