not = "read"
