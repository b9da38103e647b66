package integration

import (
	"flag"
	"os"
	"testing"

	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/integration/lab"
)

func TestMain(m *testing.M) {
	if os.Getenv(sentinelEnv) != "" {
		playSentinel()
	}
	// The tests that call Parallel mostly wait; one processor, as the guest has,
	// does for several.
	flag.Set("test.parallel", "2")
	guest.Guest{Modules: lab.Modules, Prepare: lab.BuildHald}.Main(m)
}
