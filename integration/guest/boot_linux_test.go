package guest

import (
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestAttendKills a guest that does not boot, and one that has left its status and does not
// halt, when each had its time.
func TestAttendKills(t *testing.T) {
	started := make(chan os.Signal, 1)
	signal.Notify(started, syscall.SIGHUP) // whose goroutine is not the bubble's
	defer signal.Stop(started)
	for name, c := range map[string]struct {
		left   []string // files
		bound  time.Duration
		failed bool
	}{
		"it does not boot": {nil, bootTimeout, true},
		"it does not halt": {[]string{fileReady, fileStatus}, haltTimeout, false},
	} {
		o := order{Out: t.TempDir()}
		for _, file := range c.left {
			if err := os.WriteFile(filepath.Join(o.Out, file), []byte("0"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			begin, killed := time.Now(), 0
			if err := attend(o, make(chan struct{}), func() { killed++ }); (err != nil) != c.failed || killed != 1 {
				t.Errorf("%s: killed %d times, %v", name, killed, err)
			}
			if took := time.Since(begin); took < c.bound || took > c.bound+5*time.Second {
				t.Errorf("%s: after %v", name, took)
			}
		})
	}
}
