package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/vrrp"
)

// TestEveryVirtualRouterID: all 255 on one interface are master, speak once an
// interval, and hear a peer each for itself.
func TestEveryVirtualRouterID(t *testing.T) {
	const most = 255
	var text strings.Builder
	text.WriteString("cluster \"shop\" {\n  director \"lb1\" {}\n  director \"lb2\" {}\n}\n")
	for id := 1; id <= most; id++ {
		fmt.Fprintf(&text, "vrrp_instance \"v%d\" {\n  interface = \"eth0\"\n  virtual_router_id = %d\n  priority = { lb1 = 150, lb2 = 100 }\n  virtual_addresses = [\"10.98.0.%d/32\"]\n}\n", id, id, id)
	}
	s := newSite(t, text.String())
	w := s.wire()
	d := s.run(s.logFile())
	masters := func(d director.Document) (n int) {
		for _, in := range d.VRRPInstances {
			if in.State == "master" {
				n++
			}
		}
		return n
	}
	s.until("all are master", func() bool { return masters(s.status()) == most })
	w.adverts()
	n := 0
	for began := time.Now(); time.Since(began) < 4*time.Second; time.Sleep(20 * time.Millisecond) {
		n += w.adverts() // before the socket is full
	}
	// Each may be heard once more or less.
	if n < 3*most || n > 5*most {
		t.Errorf("%d adverts in 4 s, want about %d", n, 4*most)
	}
	s.until("one gives way to a better one, and the others do not", func() bool {
		w.says(vrrp.Format{Version: 3}, "10.99.0.12", 200, time.Second, "10.98.0.51")
		now := s.status()
		in := now.VRRPInstances
		return len(in) == most && in[50].State == "backup" && in[50].Master == "10.99.0.12" && masters(now) == most-1
	})
	d.stop()
	if left := strings.Count(s.ip("-o", "addr", "show", "dev", "eth0"), " inet 10.98."); left > 0 {
		t.Errorf("%d addresses are left", left)
	}
}
