package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hald-project/hald/admin"
)

// TestMoreEventsThanAQueueHolds: while nobody takes them the oldest make room, which is told and
// counted; what is left is told, once each, when somebody does. All that time orders are taken.
func TestMoreEventsThanAQueueHolds(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig+`
notify "pager" {
  events = ["daemon.order"]
  webhook { url = "http://10.99.0.11:8080/" }
}
`)
	s.ip("link", "set", "lo", "up")
	log := s.logFile()
	d := s.run(log)
	s.until("master", s.isMaster)
	const orders = 1200
	for range orders { // each is an event; the last ones are of another kind
		if err := (admin.Client{Socket: s.folder + "/hald.sock"}).Order(t.Context(), "takeback", struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	if out, code := s.order("maintenance", "off"); code != 0 {
		t.Fatalf("exit code %d, %s", code, out)
	}
	s.until("some are lost", func() bool {
		n := s.status().Notifiers[0]
		return n.Queue >= 1024 && n.Lost > 0 && uint64(n.Queue)+n.Lost == orders+1
	})

	var taken, last, again atomic.Int64
	deliveries := map[string]bool{} // one request at a time
	answer := func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if id := r.Header.Get("X-Hald-Delivery"); deliveries[id] {
			again.Add(1)
		} else {
			deliveries[id] = true
		}
		if taken.Add(1); strings.Contains(string(body), `"reason":"maintenance off"`) {
			last.Store(taken.Load())
		}
	}
	var listener net.Listener
	s.within(func() (err error) {
		listener, err = net.Listen("tcp", "10.99.0.11:8080")
		return err
	})
	defer listener.Close()
	go http.Serve(listener, http.HandlerFunc(answer))
	s.until("the rest is told", func() bool { n := s.status().Notifiers[0]; return n.Queue == 0 && n.Told+n.Lost == orders+1 })
	if n := s.status().Notifiers[0]; taken.Load() != int64(n.Told) || last.Load() != taken.Load() || again.Load() > 0 {
		t.Errorf("%d taken, %d of them again, the newest as number %d; the status: %+v", taken.Load(), again.Load(), last.Load(), n)
	}
	d.stop()
	lost := events(t, log, "notify.failed")
	if len(lost) == 0 || lost[0].Notifier != "pager" || lost[0].Reason != "queue_full" || lost[0].Count == 0 {
		t.Errorf("what was lost: %+v", lost)
	}
}
