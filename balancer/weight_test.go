package balancer

import (
	"testing"
	"time"

	"github.com/hald-project/hald/healthcheck"
)

// scales is the check of a server that gives it its weight.
func scales(name string) Check {
	c := checkOf(name)
	c.Kind, c.Weighs = "exec", true
	return c
}

// weighed gives a and b such checks, that have found them well and said nothing.
func weighed(tt *teller) {
	for i, name := range []string{"a", "b"} {
		tt.service.Servers[i].Checks = []Check{checkOf(name), scales(name)}
		tt.verdicts[identify(scales(name))] = healthcheck.Up
	}
	weigh(nil)(tt)
}

// weigh has them say weights, and the others none.
func weigh(weights map[string]int) func(*teller) {
	return func(tt *teller) {
		tt.weights = make(map[checkID]weight)
		for _, name := range []string{"a", "b"} {
			n, says := weights[name]
			tt.weights[identify(scales(name))] = weightOf(healthcheck.Reading{Value: n, Found: says})
		}
	}
}

func TestWeightsFromChecks(t *testing.T) {
	both := move{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b; quorum.gained"}

	t.Run("instead of the configured one, and back", func(t *testing.T) {
		play(t, "", weighed, both,
			move{change: weigh(map[string]int{"a": 50}), table: "a=50 b=1"},
			move{change: weigh(map[string]int{"a": 2, "b": 255}), table: "a=2 b=255"},
			move{change: weigh(nil), table: "a=1 b=1"},
		)
	})
	t.Run("0 is one: nothing new comes, and it adds nothing to the quorum", func(t *testing.T) {
		play(t, "", weighed, both,
			move{change: weigh(map[string]int{"a": 0}), table: "a=0 b=1"},
			move{after: time.Hour, table: "a=0 b=1"},
			move{change: weigh(map[string]int{"a": 0, "b": 0}), table: "a=0 b=0", events: "quorum.lost"},
			move{change: weigh(map[string]int{"a": 5, "b": 0}), table: "a=5 b=0", events: "quorum.gained"},
		)
	})
	t.Run("of two the lower one", func(t *testing.T) {
		second := scales("a")
		second.Interval *= 2
		two := func(tt *teller) {
			weighed(tt)
			tt.service.Servers[0].Checks = append(tt.service.Servers[0].Checks, second)
			tt.verdicts[identify(second)] = healthcheck.Up
		}
		play(t, "", two, both,
			move{change: func(tt *teller) {
				weigh(map[string]int{"a": 50})(tt)
				tt.weights[identify(second)] = 31
			}, table: "a=30 b=1"},
			move{change: func(tt *teller) { tt.weights[identify(second)] = 0 }, table: "a=50 b=1"},
		)
	})
	t.Run("a check that has changed leaves it until it has looked", func(t *testing.T) {
		changed := scales("a")
		changed.Interval *= 2
		play(t, "", weighed, both,
			move{change: weigh(map[string]int{"a": 50}), table: "a=50 b=1"},
			move{change: func(tt *teller) { tt.service.Servers[0].Checks[1] = changed }, table: "a=50 b=1"},
			move{change: func(tt *teller) { tt.weights[identify(changed)] = 31; tt.verdicts[identify(changed)] = healthcheck.Up }, table: "a=30 b=1"},
			move{change: func(tt *teller) { tt.service.Servers[0].Checks = tt.service.Servers[0].Checks[:1] }, table: "a=1 b=1"},
		)
	})
	t.Run("an operator's word counts before it", func(t *testing.T) {
		seven := 7
		play(t, "", weighed, both,
			move{change: weigh(map[string]int{"a": 50}), table: "a=50 b=1"},
			move{change: order(Override{Server: "a", Weight: &seven}), table: "a=7 b=1", events: "override a"},
			move{change: order(), table: "a=50 b=1", events: "override a"},
		)
	})
	t.Run("a server that the configuration drains stays so", func(t *testing.T) {
		play(t, "", func(tt *teller) { weighed(tt); tt.service.Servers[0].Weight = 0 },
			move{verdicts: "a+ b+", change: weigh(map[string]int{"a": 50}), table: "a=0 b=1", events: "up a; up b; quorum.gained"},
		)
	})
	t.Run("it counts in a quorum", func(t *testing.T) {
		play(t, "", func(tt *teller) { weighed(tt); tt.service.Quorum = 2 }, both,
			move{change: weigh(map[string]int{"a": 50}), table: "a=50 b=1"},
			move{verdicts: "b-", table: "a=50", events: "down b; removed b (check failed)"},
			move{change: weigh(nil), table: "a=1", events: "quorum.lost"},
		)
	})
	t.Run("a slow start grows to it", func(t *testing.T) {
		play(t, "", func(tt *teller) { weighed(tt); tt.service.SlowStart = 20 * time.Second }, both,
			move{change: weigh(map[string]int{"a": 40}), table: "a=40 b=1"},
			move{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
			move{verdicts: "a+", table: "a=1 b=1", events: "up a"},
			move{after: 10 * time.Second, table: "a=20 b=1"},
			move{after: 10 * time.Second, table: "a=40 b=1"},
		)
	})
}

// A weight is acted upon at once; the number of a tracked file is for the director alone.
func TestAWeightIsDecidedOn(t *testing.T) {
	for _, weighs := range []bool{true, false} {
		w := &watch{weighs: weighs, verdict: healthcheck.Up}
		fifty := healthcheck.Result{Reading: numbered(50), Verdict: healthcheck.Up}
		decided, news := outcome{w, fifty}.take()
		if decided != weighs || !news {
			t.Errorf("weighs %v: decided %v, news %v", weighs, decided, news)
		}
		if decided, _ := (outcome{w, fifty}).take(); decided {
			t.Errorf("weighs %v: the same weight again is decided on", weighs)
		}
		if decided, _ := (outcome{w, healthcheck.Result{Err: errRefused, Verdict: healthcheck.Up}}).take(); decided || w.read.Value != 50 {
			t.Errorf("weighs %v: after one failure decided %v, weight %+v", weighs, decided, w.read)
		}
	}
}

// A pool with a probe that gives a weight has it in the kernel and in the status.
func TestPoolTakesWeightsFromChecks(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.weigh("a", 50)
		b.begin(func(s *Service) {
			for i := range s.Servers {
				s.Servers[i].Checks[0].Weighs = true
			}
		})
		b.expect("a=50 b=1")
		b.weigh("a", 20)
		b.pass(2 * time.Second)
		b.expect("a=20 b=1")
		a := b.shown()[0].RealServers[0]
		if a.Weight != 1 || a.EffectiveWeight != 20 || a.Checks[0].Weight == nil || *a.Checks[0].Weight != 20 {
			t.Errorf("shown as %+v", a)
		}
		b.set(errRefused, "a")
		b.pass(2 * time.Second) // one failure of three
		b.expect("a=20 b=1")
		b.set(nil, "a")
		b.weigh("a", 0)
		b.pass(2 * time.Second)
		b.expect("a=1 b=1")
		if told := b.told("real_server"); told != "" {
			t.Errorf("told %s", told)
		}
	})
}

// numbered is a reading of a number.
func numbered(n int) healthcheck.Reading { return healthcheck.Reading{Value: n, Found: true} }
