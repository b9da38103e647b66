package balancer

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
)

// drawService is any service with the servers a, b and c.
func drawService(t *rapid.T) Service {
	s := web()
	s.Servers = nil
	for _, name := range []string{"a", "b", "c"} {
		server := server(name)
		server.Weight = rapid.IntRange(0, 3).Draw(t, "weight "+name)
		server.Disabled = rapid.IntRange(0, 4).Draw(t, "disabled "+name) == 0
		if rapid.IntRange(0, 4).Draw(t, "configured "+name) > 0 {
			s.Servers = append(s.Servers, server)
		}
	}
	s.OnFail = rapid.SampledFrom([]string{"remove", "drain", "quiesce"}).Draw(t, "on_fail")
	s.Initial = rapid.SampledFrom([]string{"kernel", "up", "down"}).Draw(t, "initial")
	s.Quorum = rapid.IntRange(1, 6).Draw(t, "quorum")
	s.Hysteresis = rapid.IntRange(0, s.Quorum-1).Draw(t, "hysteresis")
	s.MaxFailed = rapid.SampledFrom([]float64{1, 0.5, 0}).Draw(t, "max_failed")
	s.SlowStart = rapid.SampledFrom([]time.Duration{0, 50 * time.Second}).Draw(t, "slow_start")
	if rapid.Bool().Draw(t, "has sorry") {
		s.Sorry = sorry()
		if rapid.Bool().Draw(t, "sorry is checked") {
			s.Sorry.Checks = []Check{checkOf("s")}
		}
	}
	if rapid.Bool().Draw(t, "two addresses") {
		s.Addresses = append(s.Addresses, netip.MustParseAddrPort("203.0.113.1:443"))
	}
	return s
}

func TestDesiredHolds(t *testing.T) {
	key := ipvsctl.Key{Protocol: ipvsctl.TCP, Address: vip}
	verdict := rapid.SampledFrom([]healthcheck.Verdict{healthcheck.Unknown, healthcheck.Up, healthcheck.Down})
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1000, 0)
		verdicts := make(map[checkID]healthcheck.Verdict)
		var st state
		used := new(desk) // what is left on it by one step matters to no other
		var s service
		configure := func() {
			var err error
			if s, err = compile(drawService(t), newChecks()); err != nil {
				t.Fatal(err)
			}
		}
		configure()
		st.adopt(&s, kernel(rapid.SampledFrom([]string{"", "a=1", "a=0 b=2", "a=1 b=1 c=1", "s=1", "a=0 s=1"}).Draw(t, "kernel")))
		for range rapid.IntRange(1, 20).Draw(t, "moves") {
			switch rapid.IntRange(0, 9).Draw(t, "move") {
			case 0:
				configure()
			case 1, 2, 3:
				now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			default:
				verdicts[identify(checkOf(rapid.SampledFrom([]string{"a", "b", "c", "s"}).Draw(t, "who")))] = verdict.Draw(t, "verdict")
			}
			idle := make(map[ipvsctl.DestinationKey]bool)
			for e := range st.table[key].all() {
				if !e.expires.IsZero() && rapid.Bool().Draw(t, "idle") {
					idle[ipvsctl.DestinationKey{Service: key, Address: e.Address}] = true
				}
			}
			st = step(&s, st, facts{now: now, said: says(verdicts, nil), idle: idle, desk: used})
			audit(t, &s, st, now)
			if again := step(&s, st, facts{now: now, said: says(verdicts, nil)}); draw(again.table) != draw(st.table) {
				t.Fatalf("not settled: %s, then %s", draw(st.table), draw(again.table))
			}
		}
		// All well, and long enough: exactly the configured servers.
		for _, name := range []string{"a", "b", "c", "s"} {
			verdicts[identify(checkOf(name))] = healthcheck.Up
		}
		for range 3 {
			now = now.Add(time.Minute)
			st = step(&s, st, facts{now: now, said: says(verdicts, nil)})
		}
		if st.sorry {
			return
		}
		for _, key := range s.keys {
			left := len(st.table[key].destinations)
			for i := range s.members {
				m := &s.members[i]
				e, in := st.table[key].find(m.at(key))
				if wanted := !m.disabled && !m.sorry; in != wanted || in && e.Destination != m.destination(key, m.weight) {
					t.Fatalf("in the end %s is %v (%v)", m.name, in, e)
				}
				if in {
					left--
				}
			}
			if left != 0 || !st.wake.IsZero() {
				t.Fatalf("in the end %s, wake at %v", draw(st.table), st.wake)
			}
		}
	})
}

// audit is what holds after every step.
func audit(t *rapid.T, s *service, st state, now time.Time) {
	if st.sorry && st.quorum == held {
		t.Fatal("the sorry server is in use with the quorum held")
	}
	for _, key := range s.keys {
		for e := range st.table[key].all() {
			m := st.members[e.member]
			switch {
			case !m.present:
				t.Fatalf("%s has no state", e.Address)
			case e.Weight > 0 && (m.verdict == healthcheck.Down && !m.guarded || m.leaving):
				t.Fatalf("%s has traffic: %+v", e.Address, m)
			case e.Weight > 0 && st.sorry && st.quorum == lost && !m.place.sorry:
				t.Fatalf("%s has traffic beside the sorry server", e.Address)
			case e.Weight > 0 && m.verdict == healthcheck.Unknown && s.Initial == "down" && !m.place.sorry:
				t.Fatalf("%s has traffic without a verdict", e.Address)
			case m.verdict == healthcheck.Down && !m.guarded && s.failed == remove && e.expires.IsZero():
				t.Fatalf("%s is down and still in", e.Address)
			case !e.expires.IsZero() && (e.Weight != 0 || !e.expires.After(now) || e.expires.Sub(now) > s.Drain):
				t.Fatalf("%s drains with weight %d for %v", e.Address, e.Weight, e.expires.Sub(now))
			case e.Weight > 0 && !m.ramp.IsZero() && !st.wake.After(now):
				t.Fatalf("nobody wakes for the weight of %s to grow", e.Address)
			case !e.expires.IsZero() && (st.wake.IsZero() || st.wake.After(e.expires)):
				t.Fatalf("nobody wakes for %s", e.Address)
			}
		}
		if st.sorry && st.members[len(s.members)-1].weight == 0 && s.Sorry.Weight > 0 {
			t.Fatal("the sorry server is in use without weight")
		}
	}
}
