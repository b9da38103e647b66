package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// TestHandoverAndTakeback: with a backup on the wire, of lower priority, a hand-over
// succeeds and lasts over a reload and a restart, until it is taken back.
func TestHandoverAndTakeback(t *testing.T) {
	t.Parallel()
	// The peer of this test is no real-time process: it may be silent for long.
	s := newSite(t, strings.Replace(validConfig, `"100ms"`, `"500ms"`, 1))
	log, w := s.logFile(), s.wire()
	d := s.run(log)
	s.until("master", s.isMaster)
	peer := w.backup("10.99.0.12", 100)
	defer peer.end()

	if out, code := s.order("handover"); code != 0 || !strings.Contains(out, "web: 10.99.0.12 is master") {
		t.Fatalf("handover: exit code %d, %s", code, out)
	}
	standsBy := func() bool {
		in := s.status().VRRPInstances
		return len(in) == 1 && in[0].State == "backup" && in[0].Standby != nil && in[0].Master == "10.99.0.12"
	}
	if !standsBy() || s.holdsAddress() {
		t.Errorf("after the hand-over: %+v", s.status().VRRPInstances)
	}
	for _, change := range []struct{ what, old, new string }{
		{"in place", "lb1 = 150", "lb1 = 160"},
		{"an election anew", `"10.99.0.100/24"`, `"10.99.0.100/24", "10.99.0.101/24"`},
	} {
		s.rewrite(change.old, change.new)
		if out, code := s.order("reload"); code != 0 {
			t.Fatalf("%s: reload: exit code %d, %s", change.what, code, out)
		}
		time.Sleep(2 * time.Second) // longer than the down interval, and than the status is old
		if !standsBy() || s.holdsAddress() {
			t.Errorf("after a reload, %s: %+v", change.what, s.status().VRRPInstances)
		}
	}
	if gap := s.status().VRRPInstances[0].AdvertGap; gap.Count == 0 || gap.SumMS/float64(gap.Count) < 40 || gap.SumMS/float64(gap.Count) > 500 {
		t.Errorf("the peer speaks every 50 ms, and the histogram of its adverts is %+v", gap)
	}
	d.stop()
	s.run(log)
	s.until("stands by after a restart", standsBy)
	time.Sleep(2 * time.Second)
	if !standsBy() || s.holdsAddress() {
		t.Errorf("after a restart: %+v", s.status().VRRPInstances)
	}
	if out, code := s.order("takeback"); code != 0 {
		t.Errorf("takeback: exit code %d, %s", code, out)
	}
	s.until("master again", s.isMaster)
	s.until("the peer gave way", func() bool { return !peer.isMaster() })
	if split := events(t, log, "vrrp.split"); slices.ContainsFunc(split, func(e event.Event) bool { return e.Reason == "start" }) {
		t.Errorf("it came to %+v", split)
	}
}

// backup is another router of VRID 51, reduced to its word: it takes over when the
// master resigns, and gives way to a higher priority.
type backup struct {
	mu     sync.Mutex
	master bool
	quit   chan struct{}
	gone   chan struct{}
}

func (w *wire) backup(source string, priority uint8) *backup {
	b := &backup{quit: make(chan struct{}), gone: make(chan struct{})}
	go func() {
		defer close(b.gone)
		frame := make([]byte, 2048)
		beat := time.NewTicker(5 * time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-b.quit:
				return
			case <-beat.C:
			}
			for {
				n, from, err := unix.Recvfrom(w.fd, frame, unix.MSG_DONTWAIT)
				if err != nil {
					break
				}
				if ll, ok := from.(*unix.SockaddrLinklayer); n > 42 && ok && ll.Pkttype != unix.PACKET_OUTGOING && frame[23] == vrrp.Protocol && frame[35] == 51 {
					b.hears(frame[36], priority)
				}
			}
			if b.isMaster() {
				w.says(vrrp.Format{Version: 3}, source, priority, 500*time.Millisecond, "10.99.0.100")
				time.Sleep(45 * time.Millisecond)
			}
		}
	}()
	return b
}

func (b *backup) hears(priority, own uint8) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.master = priority == 0 || b.master && priority < own
}

func (b *backup) isMaster() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.master
}

func (b *backup) end() { close(b.quit); <-b.gone }
