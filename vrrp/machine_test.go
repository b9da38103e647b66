package vrrp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	local = netip.MustParseAddr("192.0.2.11")
	above = netip.MustParseAddr("192.0.2.12")
	below = netip.MustParseAddr("192.0.2.10")
	vip   = netip.MustParseAddr("192.0.2.100")
)

func testConfig() Config {
	return Config{Version: 3, Priority: 100, Interval: time.Second}
}

func advert(from netip.Addr, priority uint8, interval time.Duration) Heard {
	return Heard{Packet: Packet{Advertisement: Advertisement{51, priority, interval, []netip.Addr{vip}}, Source: from}, Local: local}
}

// at brings a new machine into a state at epoch.
func at(t *testing.T, s State, cfg Config) *Machine {
	t.Helper()
	m := NewMachine(cfg)
	down := DownInterval(3, cfg.Priority, cfg.Interval)
	switch s {
	case Initialize:
	case Fault:
		m.Step(epoch, Failed{"link_down"})
	default:
		m.Step(epoch.Add(-down), Startup{})
		if s == Backup {
			m.deadline, m.heard = epoch.Add(down), epoch
			break
		}
		m.Step(epoch, Timeout{})
		if s == Leaving {
			m.Step(epoch, Shutdown{})
		}
	}
	if m.state != s {
		t.Fatalf("machine is in %v, not %v", m.state, s)
	}
	return m
}

// kinds reduces actions to what the clauses speak of.
func kinds(actions []Action) []Action {
	for i, a := range actions {
		if b, ok := a.(Become); ok {
			b.Silence = 0
			actions[i] = b
		}
	}
	return actions
}

func TestClauses(t *testing.T) {
	const s = time.Second
	skew, down := SkewTime(3, 100, s), DownInterval(3, 100, s)
	become := func(from, to State, reason string, peer netip.Addr, prio uint8) Become {
		return Become{Transition{From: from, To: to, Reason: reason, Peer: peer, PeerPriority: prio}}
	}
	none := netip.Addr{}
	toBackup := func(from State, reason string, peer netip.Addr, prio uint8) []Action {
		return []Action{Silence{}, Release{}, become(from, Backup, reason, peer, prio)}
	}
	// A last word goes out before the addresses do.
	yielded := func(reason string, peer netip.Addr, prio uint8) []Action {
		return []Action{Silence{}, Advertise{100}, Release{}, become(Master, Backup, reason, peer, prio)}
	}
	tests := []struct {
		clause   string
		state    State
		config   func(*Config)
		after    time.Duration // since the state was entered
		event    Event
		actions  []Action
		becomes  State
		deadline time.Duration // since epoch; -1: none
	}{
		{"6.4.1 startup, not the owner", Initialize, nil, 0, Startup{},
			toBackup(Initialize, ReasonStartup, none, 0), Backup, down},
		{"6.4.1 advert in Initialize", Initialize, nil, 0, advert(above, 200, s), nil, Initialize, -1},
		{"6.4.2 shutdown", Backup, nil, s, Shutdown{},
			[]Action{Release{}, become(Backup, Initialize, ReasonShutdown, none, 0)}, Initialize, -1},
		{"6.4.2 down timer fires", Backup, nil, down, Timeout{},
			[]Action{Claim{}, Advertise{100}, Announce{}, become(Backup, Master, ReasonMasterSilent, none, 0)}, Master, down + s},
		{"6.4.2 timer too early", Backup, nil, down - 1, Timeout{}, nil, Backup, down},
		{"6.4.2 priority 0", Backup, nil, s, advert(above, 0, s), nil, Backup, s + skew},
		{"6.4.2 higher priority", Backup, nil, s, advert(below, 101, s), nil, Backup, s + down},
		{"6.4.2 equal priority, lower address", Backup, nil, s, advert(below, 100, s), nil, Backup, s + down},
		{"6.4.2 adopts the master's interval", Backup, nil, s, advert(above, 200, 2*s), nil, Backup, s + DownInterval(3, 100, 2*s)},
		{"6.4.2 adopts at most MaxLearned intervals", Backup, nil, s, advert(above, 200, 40*s), nil, Backup, s + DownInterval(3, 100, 10*s)},
		{"6.4.2 lower priority, preempt", Backup, nil, s, advert(above, 99, s), nil, Backup, down},
		{"6.4.2 lower priority, no preempt", Backup, func(c *Config) { c.NoPreempt = true }, s, advert(above, 99, s), nil, Backup, s + down},
		{"6.4.3 shutdown holds on", Master, nil, s / 2, Shutdown{},
			[]Action{Silence{}, Advertise{0}, become(Master, Leaving, ReasonShutdown, none, 0)}, Leaving, s/2 + s},
		{"6.4.3 advert timer", Master, nil, s, Timeout{}, []Action{Advertise{100}}, Master, 2 * s},
		{"6.4.3 advert timer late: the line stays", Master, nil, s + s/4, Timeout{}, []Action{Advertise{100}}, Master, 2 * s},
		{"6.4.3 advert timer very late: none made up for", Master, nil, 2*s + s/4, Timeout{}, []Action{Advertise{100}}, Master, 3 * s},
		{"6.4.3 priority 0", Master, nil, s / 2, advert(above, 0, s), []Action{Advertise{100}, Reannounce{}}, Master, s/2 + s},
		{"6.4.3 higher priority", Master, nil, s / 2, advert(below, 101, 2*s),
			yielded(ReasonHigherPriority, below, 101), Backup, s/2 + DownInterval(3, 100, 2*s)},
		{"6.4.3 equal priority, higher address", Master, nil, s / 2, advert(above, 100, s),
			yielded(ReasonHigherAddress, above, 100), Backup, s/2 + down},
		{"6.4.3 equal priority, lower address", Master, nil, s / 2, advert(below, 100, s), []Action{Advertise{100}, Reannounce{}, Contested{advert(below, 100, s)}}, Master, s},
		{"6.4.3 lower priority is answered at once and delays nothing", Master, nil, s / 2, advert(above, 99, s), []Action{Advertise{100}, Reannounce{}, Contested{advert(above, 99, s)}}, Master, s},
		{"guard: equal priority and address is never answered", Master, nil, s / 2, advert(local, 100, s), []Action{Rival{advert(local, 100, s)}}, Master, s},
		{"fence: stalled beyond the down interval", Master, nil, down + 1, Timeout{},
			toBackup(Master, ReasonStalled, none, 0), Backup, down + 1 + skew},
		{"fence: the addresses go before the queue is heard", Master, nil, 9 * s, advert(above, 200, s),
			toBackup(Master, ReasonStalled, none, 0), Backup, 9*s + down},
		{"fence: a stall short of it is none", Master, nil, down, Timeout{}, []Action{Advertise{100}}, Master, 4 * s},
		{"leftovers are handed over", Initialize, nil, 0, Resign{},
			[]Action{Silence{}, Advertise{0}, become(Initialize, Leaving, ReasonLeftovers, none, 0), Claim{}}, Leaving, s},
		{"leaving: successor heard", Leaving, nil, s / 2, advert(above, 90, s),
			[]Action{Release{}, become(Leaving, Initialize, ReasonShutdown, none, 0)}, Initialize, -1},
		{"leaving: another resigns", Leaving, nil, s / 2, advert(above, 0, s), nil, Leaving, s},
		{"leaving: nobody within one interval", Leaving, nil, s, Timeout{},
			[]Action{Release{}, become(Leaving, Initialize, ReasonShutdown, none, 0)}, Initialize, -1},
		{"leaving: link lost", Leaving, nil, s / 2, Failed{"link_down"},
			[]Action{Release{}, become(Leaving, Initialize, ReasonShutdown, none, 0)}, Initialize, -1},
		{"fault while master lets go at once", Master, nil, s / 2, Failed{"link_down"},
			[]Action{Silence{}, Advertise{0}, Release{}, become(Master, Fault, "link_down", none, 0)}, Fault, -1},
		{"fault while backup", Backup, nil, s, Failed{"link_down"},
			[]Action{Release{}, become(Backup, Fault, "link_down", none, 0)}, Fault, -1},
		{"fault is deaf", Fault, nil, s, advert(below, 0, s), nil, Fault, -1},
		{"fault for another reason", Fault, nil, s, Failed{"no_address"}, nil, Fault, -1},
		{"fault cleared", Fault, nil, s, Recovered{}, toBackup(Fault, ReasonRecovered, none, 0), Backup, s + down},
		{"shutdown in fault", Fault, nil, s, Shutdown{},
			[]Action{Release{}, become(Fault, Initialize, ReasonShutdown, none, 0)}, Initialize, -1},
		{"priority raised while backup", Backup, nil, s, SetPriority{200}, nil, Backup, DownInterval(3, 200, s)},
	}
	for _, tt := range tests {
		t.Run(tt.clause, func(t *testing.T) {
			cfg := testConfig()
			if tt.config != nil {
				tt.config(&cfg)
			}
			m := at(t, tt.state, cfg)
			got := kinds(m.Step(epoch.Add(tt.after), tt.event))
			if diff := cmp.Diff(tt.actions, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			if m.State() != tt.becomes {
				t.Errorf("state %v, want %v", m.State(), tt.becomes)
			}
			want := epoch.Add(tt.deadline)
			if tt.deadline < 0 {
				want = time.Time{}
			}
			if !m.Deadline().Equal(want) {
				t.Errorf("deadline %v, want %v", m.Deadline().Sub(epoch), tt.deadline)
			}
		})
	}
}

func TestTakeoverReasons(t *testing.T) {
	down := DownInterval(3, 100, time.Second)
	t.Run("resigned", func(t *testing.T) {
		m := at(t, Backup, testConfig())
		m.Step(epoch.Add(time.Second), advert(above, 0, time.Second))
		got := m.Step(m.Deadline(), Timeout{})
		want := Become{Transition{Backup, Master, ReasonMasterResigned, above, 0, SkewTime(3, 100, time.Second) + time.Second}}
		if got[len(got)-1] != want {
			t.Errorf("got %+v, want %+v", got[len(got)-1], want)
		}
	})
	t.Run("preempt", func(t *testing.T) {
		m := at(t, Backup, testConfig())
		m.Step(epoch.Add(down-1), advert(above, 50, time.Second))
		got := m.Step(m.Deadline(), Timeout{})
		if b := got[len(got)-1].(Become); b.Reason != ReasonPreempt {
			t.Errorf("reason %q, want %q", b.Reason, ReasonPreempt)
		}
	})
}

// TestStandBy: who is asked to yield when not master follows whomever it hears,
// until that fails, its time is over, or it is taken back.
func TestStandBy(t *testing.T) {
	const s = time.Second
	lower := advert(below, 50, s)
	for _, tt := range []struct {
		name  string
		order Event
		until time.Time
		want  State
	}{
		{"for good", Woke{}, time.Time{}, Backup},
		{"over", Woke{}, epoch.Add(2 * s), Master},
		{"taken back", TakeBack{}, time.Time{}, Master},
	} {
		m := NewMachine(testConfig())
		m.Step(epoch.Add(-s), Yield{Until: tt.until})
		m.Step(epoch, Startup{})
		for at := epoch; at.Before(epoch.Add(20 * s)); at = at.Add(s) {
			m.Step(at, lower)
			m.Step(at, tt.order)
			m.Step(at.Add(s-1), Timeout{})
		}
		if _, standing := m.StandingBy(epoch.Add(20 * s)); m.State() != tt.want || standing != (tt.want == Backup) {
			t.Errorf("%s: %v, standing by: %v", tt.name, m.State(), standing)
		}
		if tt.want == Master {
			continue
		}
		m.Step(epoch.Add(30*s), Timeout{})
		if _, standing := m.StandingBy(epoch.Add(30 * s)); m.State() != Master || standing {
			t.Errorf("%s: its master silent, it is %v, standing by: %v", tt.name, m.State(), standing)
		}
	}
}

// TestYield is a planned hand-over: to whoever takes over, back if nobody does,
// and without preemption until it is taken back, its time is over, or the peer
// fails.
func TestYield(t *testing.T) {
	const s = time.Second
	yielded := func(t *testing.T, until time.Time) *Machine {
		m := at(t, Master, testConfig())
		got := kinds(m.Step(epoch.Add(s/2), Yield{Until: until}))
		want := []Action{Silence{}, Advertise{0}, Become{Transition{From: Master, To: Leaving, Reason: ReasonHandover}}}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Fatalf("yield (-want +got):\n%s", diff)
		}
		return m
	}
	taken := func(t *testing.T, until time.Time) *Machine {
		m := yielded(t, until)
		got := kinds(m.Step(epoch.Add(s), advert(above, 50, s)))
		want := []Action{Silence{}, Release{}, Become{Transition{From: Leaving, To: Backup, Reason: ReasonHandover, Peer: above, PeerPriority: 50}}}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Fatalf("successor heard (-want +got):\n%s", diff)
		}
		return m
	}
	follows := func(m *Machine, after time.Duration) bool {
		now := epoch.Add(after)
		m.Step(now, advert(above, 50, s))
		return m.Deadline().Equal(now.Add(m.down()))
	}
	t.Run("nobody takes over", func(t *testing.T) {
		m := yielded(t, time.Time{})
		if got := m.Step(epoch.Add(2*s), Timeout{}); got != nil {
			t.Errorf("too early: %v", got)
		}
		got := kinds(m.Step(epoch.Add(5*s/2), Timeout{}))
		want := []Action{Advertise{100}, Become{Transition{From: Leaving, To: Master, Reason: ReasonRefused}}}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if m.standby {
			t.Error("stands by though it is master")
		}
	})
	t.Run("stays backup", func(t *testing.T) {
		if m := taken(t, time.Time{}); !follows(m, time.Hour) {
			t.Error("preempts the peer it yielded to")
		}
	})
	t.Run("until it is taken back", func(t *testing.T) {
		m := taken(t, time.Time{})
		m.Step(epoch.Add(2*s), TakeBack{})
		if follows(m, 3*s) {
			t.Error("follows a lower priority after it was taken back")
		}
	})
	t.Run("until the time is over", func(t *testing.T) {
		m := taken(t, epoch.Add(10*s))
		if !follows(m, 9*s) || follows(m, 10*s) {
			t.Error("does not stand by just until then")
		}
	})
	t.Run("until the peer fails", func(t *testing.T) {
		m := taken(t, time.Time{})
		m.Step(m.Deadline(), Timeout{})
		if m.State() != Master || m.standby {
			t.Errorf("%v, stands by: %v", m.State(), m.standby)
		}
	})
	t.Run("a stop meanwhile", func(t *testing.T) {
		m := yielded(t, time.Time{})
		m.Step(epoch.Add(s), Shutdown{})
		m.Step(epoch.Add(5*s/2), Timeout{})
		if m.State() != Initialize {
			t.Errorf("%v", m.State())
		}
	})
}

// TestPreemptDelay: a live master of lower priority is followed until the delay is
// over, and then preempted at the next down timer; a dead one is replaced.
func TestPreemptDelay(t *testing.T) {
	cfg := testConfig()
	cfg.PreemptDelay = 30 * time.Second
	live := func(m *Machine, until time.Duration) (now time.Time) {
		for now = epoch.Add(time.Second); now.Before(epoch.Add(until)); now = now.Add(time.Second) {
			if m.Step(now, Timeout{}); m.State() != Backup {
				return now
			}
			m.Step(now, advert(above, 50, time.Second))
		}
		return now
	}
	t.Run("live", func(t *testing.T) {
		m := at(t, Backup, cfg)
		if now := live(m, time.Minute); now.Sub(epoch) != 34*time.Second {
			t.Errorf("preempted after %v, want the delay and a down interval, on the next second", now.Sub(epoch))
		}
	})
	t.Run("dead", func(t *testing.T) {
		m := at(t, Backup, cfg)
		now := live(m, 10*time.Second)
		if want := now.Add(-time.Second).Add(DownInterval(3, 100, time.Second)); !m.Deadline().Equal(want) {
			t.Errorf("down timer at %v, want %v", m.Deadline().Sub(epoch), want.Sub(epoch))
		}
	})
	t.Run("begins anew after a better master", func(t *testing.T) {
		m := at(t, Backup, cfg)
		now := live(m, 29*time.Second)
		m.Step(now, advert(above, 200, time.Second))
		m.Step(now.Add(time.Second), advert(below, 50, time.Second))
		if m.lower || !m.preempt.Equal(now.Add(31*time.Second)) {
			t.Errorf("follows until %v", m.preempt.Sub(epoch))
		}
	})
}

func TestAnswersAreBounded(t *testing.T) {
	m := at(t, Master, testConfig())
	adverts := 0
	for i := range 1000 {
		for _, a := range m.Step(epoch.Add(time.Duration(i)*time.Microsecond), advert(below, 50, time.Second)) {
			if _, ok := a.(Advertise); ok {
				adverts++
			}
		}
	}
	if adverts != MaxAnswers {
		t.Errorf("%d answers to a flood, want %d", adverts, MaxAnswers)
	}
	m.Step(m.Deadline(), Timeout{})
	if got := m.Step(m.Deadline().Add(-time.Millisecond), advert(below, 50, time.Second)); len(got) == 0 {
		t.Error("no answer after the next regular advertisement")
	}
	m = at(t, Master, testConfig())
	adverts = 0
	for i := range 1000 {
		for _, a := range m.Step(epoch.Add(time.Duration(i)*time.Microsecond), advert(below, 0, time.Second)) {
			if _, ok := a.(Advertise); ok {
				adverts++
			}
		}
	}
	if adverts != MaxAnswers || m.Deadline().After(epoch.Add(time.Second+MaxAnswers*time.Microsecond)) {
		t.Errorf("%d answers to a flood of resignations, next advertisement after %v", adverts, m.Deadline().Sub(epoch))
	}
}

// TestYieldingMasterIsFenced: one that waited for a successor and slept meanwhile
// does not take itself for master again.
func TestYieldingMasterIsFenced(t *testing.T) {
	m := at(t, Master, testConfig())
	m.Step(epoch.Add(time.Second/2), Yield{})
	m.Step(epoch.Add(9*time.Second), Woke{})
	if m.State() != Backup {
		t.Errorf("%v after its sleep", m.State())
	}
	m.Step(m.Deadline(), Timeout{})
	if m.State() != Master {
		t.Errorf("%v though nobody is there", m.State())
	}
}

func TestTimers(t *testing.T) {
	for _, tt := range []struct {
		priority   uint8
		interval   time.Duration
		skew, down time.Duration
	}{
		{100, time.Second, 609375 * time.Microsecond, 3609375 * time.Microsecond},
		{254, time.Second, 7812500, 3007812500},
		{1, 40950 * time.Millisecond, 40790039062, 163640039062},
		{150, 10 * time.Millisecond, 4140625, 34140625},
	} {
		if s, d := SkewTime(3, tt.priority, tt.interval), DownInterval(3, tt.priority, tt.interval); s != tt.skew || d != tt.down {
			t.Errorf("priority %d, interval %v: skew %v, down %v; want %v, %v", tt.priority, tt.interval, s, d, tt.skew, tt.down)
		}
	}
}

// TestMasterAddress: a master has an address on each link, known where it was
// heard.
func TestMasterAddress(t *testing.T) {
	m := at(t, Backup, testConfig())
	second := advert(netip.MustParseAddr("fe80::12"), 200, time.Second)
	second.Member = 1
	for _, tt := range []struct {
		heard       Heard
		first, next netip.Addr
	}{
		{heard: advert(above, 200, time.Second), first: above},
		{heard: second, first: above, next: second.Packet.Source},
		{heard: advert(below, 200, time.Second), first: below},
		{heard: advert(below, 0, time.Second)},
	} {
		m.Step(epoch.Add(1), tt.heard)
		if m.Master(0) != tt.first || m.Master(1) != tt.next {
			t.Errorf("after %v: master %v and %v, want %v and %v", tt.heard.Packet.Source, m.Master(0), m.Master(1), tt.first, tt.next)
		}
	}
	if m := at(t, Master, testConfig()); m.Master(0).IsValid() {
		t.Errorf("we are master, and know of %v", m.Master(0))
	}
}
