package vrrp

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestOwner has the rows in which an address owner differs.
func TestOwner(t *testing.T) {
	const s = time.Second
	cfg := testConfig()
	cfg.Priority, cfg.NoPreempt, cfg.PreemptDelay = Owner, true, time.Hour
	owner := func(state State) *Machine {
		m := NewMachine(cfg)
		if state == Initialize {
			return m
		}
		m.Step(epoch, Startup{})
		switch state {
		case Backup:
			m.Step(epoch, advert(above, Owner, s))
		case Fault:
			m.Step(epoch, Failed{"link_down"})
		}
		if m.State() != state {
			t.Fatalf("in %v, not %v", m.State(), state)
		}
		return m
	}
	claim := func(from State, reason string) []Action {
		return []Action{Claim{}, Advertise{Owner}, Announce{}, Become{Transition{From: from, To: Master, Reason: reason}}}
	}
	higher := Become{Transition{From: Master, To: Backup, Reason: ReasonHigherAddress, Peer: above, PeerPriority: Owner}}
	for _, tt := range []struct {
		name  string
		state State
		after time.Duration
		ev    Event
		want  []Action
		then  State
	}{
		{"starts as master (6.4.1)", Initialize, 0, Startup{}, claim(Initialize, ReasonOwner), Master},
		{"is master when a fault is over", Fault, 0, Recovered{}, claim(Fault, ReasonOwner), Master},
		{"answers 254", Master, s / 2, advert(above, 254, s), []Action{Advertise{Owner}, Reannounce{}, Contested{advert(above, 254, s)}}, Master},
		{"answers an owner of a lower address", Master, s / 2, advert(below, Owner, s), []Action{Advertise{Owner}, Reannounce{}, Contested{advert(below, Owner, s)}}, Master},
		{"yields to an owner of a higher address", Master, s / 2, advert(above, Owner, s), []Action{Silence{}, Advertise{Owner}, Release{}, higher}, Backup},
		{"takes over from a lower one, whatever Preempt_Mode", Backup, 3*s + s/256 + s/10, Timeout{}, claim(Backup, ReasonMasterSilent), Master},
		{"is not handed over", Master, s / 2, Yield{}, []Action{
			Become{Transition{From: Master, To: Leaving, Reason: ReasonHandover}}, Become{Transition{From: Leaving, To: Master, Reason: ReasonRefused}}}, Master},
		{"goes on after a sleep", Master, time.Hour, Woke{}, []Action{Advertise{Owner}, Reannounce{}}, Master},
		{"says so when it stops", Master, s / 2, Shutdown{}, []Action{Silence{}, Advertise{0}, Become{Transition{From: Master, To: Leaving, Reason: ReasonShutdown}}}, Leaving},
		{"has a fault as any other", Master, s / 2, Failed{"link_down"}, []Action{Silence{}, Advertise{0}, Release{}, Become{Transition{From: Master, To: Fault, Reason: "link_down"}}}, Fault},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := owner(tt.state)
			got := m.Step(epoch.Add(tt.after), tt.ev)
			for i, a := range got {
				if b, ok := a.(Become); ok && b.To == Master {
					b.Silence, b.Peer, b.PeerPriority = 0, tt.want[i].(Become).Peer, tt.want[i].(Become).PeerPriority
					got[i] = b
				}
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(local)); diff != "" || m.State() != tt.then {
				t.Errorf("then %v (-want +got):\n%s", m.State(), diff)
			}
		})
	}
	// A lower master is not followed, however long preemption is delayed.
	m := owner(Backup)
	before := m.Deadline()
	if m.Step(epoch.Add(s), advert(below, 200, s)); !m.Deadline().Equal(before) {
		t.Errorf("an owner follows a lower master until %v", m.Deadline())
	}
	// Trackers neither make nor unmake an owner.
	if m.Step(epoch, SetPriority{100}); m.Priority() != Owner {
		t.Errorf("an owner's priority became %d", m.Priority())
	}
	other := at(t, Backup, testConfig())
	if other.Step(epoch, SetPriority{Owner}); other.Priority() != 100 {
		t.Error("a backup was made an owner")
	}
}

// TestSimulatedOwners: with one address owner or two among others, starting at
// any time, with loss, exactly one is master in the end: the owner, of two the
// one of the higher address; and an owner alone never gives way.
func TestSimulatedOwners(t *testing.T) {
	const s = time.Second
	sources := []netip.Addr{below, local, above}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 8))
		owners, starts := 1+int(seed%2), [3]time.Duration{}
		var nodes [3]*Machine
		for i := range nodes {
			cfg := testConfig()
			cfg.Priority = uint8(1 + rng.IntN(254))
			if i < owners {
				cfg.Priority = Owner
			}
			nodes[i], starts[i] = NewMachine(cfg), time.Duration(rng.Int64N(int64(10*s)))
		}
		now, loss := epoch, 0.0
		var step func(i int, ev Event)
		step = func(i int, ev Event) {
			for _, a := range nodes[i].Step(now, ev) {
				switch a := a.(type) {
				case Become:
					if owners == 1 && i == 0 && a.From == Master {
						t.Fatalf("seed %d: the owner became %v: %v", seed, a.To, a.Reason)
					}
				case Advertise:
					for j := range nodes {
						if j != i && rng.Float64() >= loss {
							heard := advert(sources[i], a.Priority, s)
							heard.Local = sources[j]
							step(j, heard)
						}
					}
				}
			}
		}
		for ; now.Before(epoch.Add(150 * s)); now = now.Add(s / 20) {
			switch since := now.Sub(epoch); since {
			case 20 * s:
				loss = 0.3
			case 100 * s:
				loss = 0
			}
			for i, m := range nodes {
				if m.State() == Initialize && now.Sub(epoch) >= starts[i] {
					step(i, Startup{})
				}
				step(i, Timeout{})
			}
		}
		for i, m := range nodes {
			if (m.State() == Master) != (i == owners-1) {
				t.Errorf("seed %d: node %d of priority %d is %v", seed, i, m.Priority(), m.State())
			}
		}
	}
}
