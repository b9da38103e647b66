locals {
  a = env("HALD_TEST_SECRET")
  b = tonumber(local.a)
  c = local.nothing
}
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
