package main

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/vrrp"
)

// TestScanHearsTheLink: every router is listed with what tells one configuration from
// another, whether a daemon runs here or not.
func TestScanHearsTheLink(t *testing.T) {
	s := newSite(t, validConfig)
	w := s.wire()
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case <-quit:
				return
			case <-time.After(20 * time.Millisecond):
			}
			w.says(vrrp.Format{Version: 2}, "10.99.0.12", 100, 3*time.Second, "10.99.0.100")
			w.says(vrrp.Format{Version: 3}, "10.99.0.13", 200, 250*time.Millisecond, "10.99.0.100", "10.99.0.101")
			w.says(vrrp.Format{Version: 3, Checksum: vrrp.RFC9568}, "10.99.0.14", 255, time.Second, "10.99.0.100")
		}
	}()
	defer func() { close(quit); <-gone }()
	out, code := s.order("scan", "-i", "eth0", "--for", "2s", "-o", "json")
	var heard []router
	if err := json.Unmarshal([]byte(out), &heard); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, out)
	}
	for _, want := range []router{
		{VRID: 51, Source: "10.99.0.12", Version: 2, Priority: 100, IntervalMS: 3000, Addresses: []string{"10.99.0.100"}},
		{VRID: 51, Source: "10.99.0.13", Version: 3, Priority: 200, IntervalMS: 250, Checksum: "rfc5798", Addresses: []string{"10.99.0.100", "10.99.0.101"}},
		{VRID: 51, Source: "10.99.0.14", Version: 3, Priority: 255, IntervalMS: 1000, Checksum: "rfc9568", Addresses: []string{"10.99.0.100"}},
	} {
		if !slices.ContainsFunc(heard, func(r router) bool {
			return r.VRID == want.VRID && r.Source == want.Source && r.Version == want.Version && r.Priority == want.Priority && r.IntervalMS == want.IntervalMS &&
				r.Checksum == want.Checksum && slices.Equal(r.Addresses, want.Addresses) && r.Adverts > 10 && r.Discard == ""
		}) {
			t.Errorf("%+v is not among\n%s", want, out)
		}
	}
	if len(heard) != 3 {
		t.Errorf("%d routers", len(heard))
	}
}
