// Command hald fails addresses over between load balancers and keeps their
// IPVS tables right. This package is flags, signals and output: it holds no
// decision of the daemon. One file a command.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
