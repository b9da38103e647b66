package director

import (
	"net/netip"
	"testing"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
)

func TestWhyNotMaster(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	directors := []config.Director{{Name: "lb1"}, {Name: "lb2", Address: netip.MustParseAddr("192.0.2.12")}}
	backup := func(edit func(*election.Status)) election.Status {
		s := election.Status{State: "backup", Master: "192.0.2.12", MasterPriority: 100, EffectivePriority: 150}
		edit(&s)
		return s
	}
	for _, tt := range []struct {
		want      string
		s         election.Status
		noPreempt bool
		m         *election.Maintenance
	}{
		{want: "", s: election.Status{State: "master"}},
		{want: "", s: election.Status{State: "master"}, m: &election.Maintenance{}},
		{want: "maintenance", s: election.Status{State: "fault", Faults: []string{"maintenance"}}, m: &election.Maintenance{}},
		{want: "maintenance until 2026-11-22 04:00:00", s: election.Status{State: "fault"}, m: &election.Maintenance{Until: now.Add(time.Hour)}},
		{want: "link_down, no_address", s: election.Status{State: "fault", Faults: []string{"link_down", "no_address"}, RetryAt: now}},
		{want: "socket, tried again in 4s", s: election.Status{State: "fault", Faults: []string{"socket"}, RetryAt: now.Add(3500 * time.Millisecond)}},
		{want: "waiting for start_delay, 300ms", s: election.Status{State: "init", RetryAt: now.Add(300 * time.Millisecond)}},
		{want: notRunning, s: election.Status{State: "init", Reason: notRunning}},
		{want: "no master is heard: about to take over", s: backup(func(s *election.Status) { s.Master, s.MasterPriority = "", 0 })},
		{want: "standing by: lb2 is master", s: backup(func(s *election.Status) { s.Standby = &election.Standby{} })},
		{want: "standing by until 2026-11-22 04:00:00: lb2 is master", s: backup(func(s *election.Status) { s.Standby = &election.Standby{Until: now.Add(time.Hour)} })},
		{want: "lb2 has the higher priority 200", s: backup(func(s *election.Status) { s.MasterPriority = 200 })},
		{want: "192.0.2.13 has the higher priority 200", s: backup(func(s *election.Status) { s.MasterPriority, s.Master = 200, "192.0.2.13" })},
		{want: "another router has the higher priority 200", s: backup(func(s *election.Status) { s.MasterPriority, s.Master = 200, "" })},
		{want: "lb2 is master and has the same priority", s: backup(func(s *election.Status) { s.EffectivePriority = 100 })},
		{want: "lb2 is master and preempt is false", s: backup(func(*election.Status) {}), noPreempt: true},
		{want: "waiting for preempt_delay, 1m12s: lb2 is master with priority 100", s: backup(func(s *election.Status) { s.PreemptAt = now.Add(72 * time.Second) })},
		{want: "about to preempt lb2 with priority 100", s: backup(func(*election.Status) {})},
	} {
		if got := whyNotMaster(tt.s, tt.noPreempt, tt.m, directors, now); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.s, got, tt.want)
		}
	}
}
