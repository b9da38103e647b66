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

// TestAttendKillsWhatDoesNotHalt: a guest that has left its status, and goes on.
func TestAttendKillsWhatDoesNotHalt(t *testing.T) {
	started := make(chan os.Signal, 1)
	signal.Notify(started, syscall.SIGHUP) // whose goroutine is not the bubble's
	defer signal.Stop(started)
	o := order{Out: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{fileReady, fileStatus} {
			if err := os.WriteFile(filepath.Join(o.Out, name), []byte("0"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		begin, killed := time.Now(), 0
		if err := attend(o, make(chan struct{}), func() { killed++ }); err != nil || killed != 1 {
			t.Errorf("killed %d times, %v", killed, err)
		}
		if took := time.Since(begin); took < haltTimeout || took > haltTimeout+5*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

// TestAttendKillsWhatDoesNotBoot.
func TestAttendKillsWhatDoesNotBoot(t *testing.T) {
	started := make(chan os.Signal, 1)
	signal.Notify(started, syscall.SIGHUP)
	defer signal.Stop(started)
	o := order{Out: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		killed := 0
		if err := attend(o, make(chan struct{}), func() { killed++ }); err == nil || killed != 1 {
			t.Errorf("killed %d times, %v", killed, err)
		}
	})
}
