package director

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

func TestRecital(t *testing.T) {
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	d := Document{
		VRRPInstances: []election.Status{
			{Name: "front", State: "master", Reason: "master_silent", VRID: 51, Interface: "eth0", Master: "192.0.2.11", EffectivePriority: 150, Since: now.Add(-time.Minute)},
			{Name: "back", SyncGroup: "all", State: "backup", Reason: "startup", WhyNotMaster: "lb2 has the higher priority 200", VRID: 52, Master: "192.0.2.12", EffectivePriority: 100, MasterPriority: 200},
		},
		VirtualServers: []balancer.Status{
			{Name: "web", HasQuorum: true, RealServers: []balancer.ServerStatus{
				{Name: "web1", State: "up"},
				{Name: "web2", Address: "192.0.2.22:80", State: "down", Since: now.Add(-time.Second), Checks: []balancer.CheckStatus{{Kind: "tcp", OK: true}, {Kind: "http", Error: "answered 503"}}},
			}},
			{Name: "mail", Sorry: true, Error: "no such scheduler", RealServers: []balancer.ServerStatus{{Name: "m1", State: "disabled"}}},
		},
	}
	want := []event.Event{
		{Name: "daemon.state", Instance: "front", VRID: 51, Interface: "eth0", To: "master", Reason: "master_silent", Peer: "192.0.2.11", Priority: 150, DurationMS: 60000},
		{Name: "daemon.state", Instance: "back", VRID: 52, SyncGroup: "all", To: "backup", Reason: "lb2 has the higher priority 200", Peer: "192.0.2.12", Priority: 100, PeerPriority: 200},
		{Name: "daemon.state", Service: "web", To: "quorum", Reason: "1 of 2 servers are up", Count: 1},
		{Name: "daemon.state", Service: "web", Server: "web2", Address: "192.0.2.22:80", To: "down", Check: "http", Error: "answered 503", DurationMS: 1000},
		{Name: "daemon.state", Service: "mail", To: "no_quorum", Reason: "0 of 1 servers are up, the sorry server answers", Error: "no such scheduler"},
		{Name: "daemon.state", Service: "mail", Server: "m1", To: "disabled"},
	}
	if diff := cmp.Diff(want, recital(d, now)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRecitalIsBounded: ten thousand servers that are down do not drown the log.
func TestRecitalIsBounded(t *testing.T) {
	var d Document
	for i := range 10 {
		s := balancer.Status{Name: fmt.Sprint(i)}
		for range 1000 {
			s.RealServers = append(s.RealServers, balancer.ServerStatus{State: "down"})
		}
		d.VirtualServers = append(d.VirtualServers, s)
	}
	if lines := len(recital(d, time.Now())); lines != 10+recitedServers {
		t.Errorf("%d lines", lines)
	}
}
