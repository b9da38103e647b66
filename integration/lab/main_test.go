package lab_test

import (
	"flag"
	"testing"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/integration/lab"
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "3") // as in the scenarios
	guest.Guest{Modules: lab.Modules, Prepare: lab.BuildHald}.Main(m)
}
