package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/vrrp"
)

// TestPeerConfiguredOtherwise: a router of the same VRID that was configured
// otherwise is reported with what both say, whether it is heard or not.
func TestPeerConfiguredOtherwise(t *testing.T) {
	t.Parallel()
	const peer, vip = "10.99.0.12", "10.99.0.100"
	two := strings.NewReplacer("interface ", "version = 2\n  interface ", `"100ms"`, `"1s"`)
	for _, tt := range []struct {
		name, config string
		says         func(w *wire)
		reason, text string
	}{
		{"version", validConfig, func(w *wire) { w.says(vrrp.Format{Version: 2}, peer, 200, time.Second, vip) },
			"version", "it speaks version 2, this director 3: neither hears the other"},
		{"version 2, interval", two.Replace(validConfig), func(w *wire) { w.says(vrrp.Format{Version: 2}, peer, 200, 3*time.Second, vip) },
			"interval", "it says 3s, this director 1s: neither hears the other"},
		{"interval", validConfig, func(w *wire) { w.says(vrrp.Format{Version: 3}, peer, 200, time.Second, vip) },
			"interval", "it says 1s, this director 100ms"},
		{"addresses", validConfig, func(w *wire) { w.says(vrrp.Format{Version: 3}, peer, 200, 100*time.Millisecond, vip, "10.99.0.101") },
			"addresses", "it has 10.99.0.100 10.99.0.101, this director 10.99.0.100"},
		{"checksum", strings.Replace(validConfig, "interface ", "checksum = \"rfc5798\"\n  interface ", 1),
			func(w *wire) {
				w.says(vrrp.Format{Version: 3, Checksum: vrrp.RFC9568}, peer, 200, 100*time.Millisecond, vip)
			},
			"checksum", "it sends rfc9568, this director rfc5798"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, tt.config)
			log, w := s.logFile(), s.wire()
			s.run(log)
			s.until("it runs", func() bool { return len(s.status().VRRPInstances) == 1 && s.status().VRRPInstances[0].State != "init" })
			s.until("it is told", func() bool {
				tt.says(w)
				return slices.ContainsFunc(events(t, log, "vrrp.mismatch"), func(e event.Event) bool {
					return e.Reason == tt.reason && e.Error == tt.text && e.Peer == peer && e.Instance == "web"
				})
			})
			// Who is not heard takes nothing over.
			if strings.Contains(tt.text, "neither hears") {
				s.until("master", s.isMaster)
			}
		})
	}
}

// TestTwoOwners: of two directors that say the addresses are their own, the one of
// the lower source address gives way, and says why.
func TestTwoOwners(t *testing.T) {
	s := newSite(t, strings.NewReplacer("10.99.0.100/24", "10.99.0.11/24", "lb1 = 150", "lb1 = 255").Replace(validConfig))
	s.ip("addr", "add", "10.99.0.21/24", "dev", "eth0") // the adverts' source
	log, w := s.logFile(), s.wire()
	s.run(log)
	s.until("master", s.isMaster)
	w.says(vrrp.Format{Version: 3}, "10.99.0.20", 255, 100*time.Millisecond, "10.99.0.11")
	s.until("the other owner is reported", func() bool {
		return slices.ContainsFunc(events(t, log, "vrrp.mismatch"), func(e event.Event) bool { return e.Reason == "owner" && e.Peer == "10.99.0.20" })
	})
	if !s.isMaster() {
		t.Error("it gave way to the one of the lower address")
	}
	s.until("it gives way to the one of the higher address", func() bool {
		w.says(vrrp.Format{Version: 3}, "10.99.0.22", 255, 100*time.Millisecond, "10.99.0.11")
		return slices.ContainsFunc(events(t, log, "vrrp.transition"), func(e event.Event) bool {
			return e.From == "master" && e.To == "backup" && e.Peer == "10.99.0.22"
		})
	})
	if !strings.Contains(s.ip("addr", "show", "dev", "eth0"), "10.99.0.11/24") {
		t.Error("its own address was taken from it")
	}
}
