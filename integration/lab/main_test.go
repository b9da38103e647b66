package lab_test

import (
	"testing"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/integration/lab"
)

func TestMain(m *testing.M) {
	guest.Guest{Modules: lab.Modules, Prepare: lab.BuildHald}.Main(m)
}
