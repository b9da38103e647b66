package balancer

import (
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/healthcheck"
)

// play runs the web service, changed by setup, through a story.
func play(t *testing.T, kernelTable string, setup func(*teller), moves ...move) {
	t.Helper()
	tt := &teller{t: t, service: web(), verdicts: make(map[checkID]healthcheck.Verdict), now: time.Unix(1000, 0)}
	setup(tt)
	tt.state.adopt(tt.compile(), kernel(kernelTable))
	for _, m := range moves {
		tt.play(m)
	}
}

// three is the web service with the servers a, b and c.
func three(tt *teller) { tt.service.Servers = []Server{server("a"), server("b"), server("c")} }

func TestHysteresis(t *testing.T) {
	play(t, "", func(tt *teller) { three(tt); tt.service.Quorum, tt.service.Hysteresis = 2, 1 },
		move{verdicts: "a+ b+ c-", table: "a=1 b=1", events: "up a; up b; down c; quorum.gained"},
		move{verdicts: "b-", table: "a=1", events: "down b; removed b (check failed)"}, // 1 is not below 2-1
		move{verdicts: "a-", table: "", events: "down a; removed a (check failed); quorum.lost"},
		move{verdicts: "a+ b+", table: "a=1 b=1", events: "up a; up b"}, // 2 does not reach 2+1
		move{verdicts: "c+", table: "a=1 b=1 c=1", events: "up c; quorum.gained"},
	)
}

func TestSlowStart(t *testing.T) {
	heavy := func(tt *teller) {
		tt.service.SlowStart = 10 * time.Second
		tt.service.Servers = slices.Clone(tt.service.Servers)
		tt.service.Servers[0].Weight = 5
	}
	begin := move{verdicts: "a+ b+", table: "a=5 b=1", events: "up a; up b; quorum.gained"} // no recovery
	t.Run("the weight grows after recovery", func(t *testing.T) {
		play(t, "", heavy, begin,
			move{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
			move{verdicts: "a+", table: "a=1 b=1", events: "up a"},
			move{after: 3 * time.Second, table: "a=1 b=1"},
			move{after: time.Second, table: "a=2 b=1"},
			move{after: 2 * time.Second, table: "a=3 b=1"},
			move{after: 4 * time.Second, table: "a=5 b=1"},
			move{after: time.Hour, table: "a=5 b=1"},
		)
	})
	t.Run("and again from the beginning", func(t *testing.T) {
		play(t, "", heavy, begin,
			move{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
			move{verdicts: "a+", table: "a=1 b=1", events: "up a"},
			move{after: 6 * time.Second, table: "a=3 b=1"},
			move{verdicts: "a-", table: "b=1", events: "down a; removed a (check failed)"},
			move{verdicts: "a+", table: "a=1 b=1", events: "up a"},
		)
	})
	t.Run("a large weight grows in few steps", func(t *testing.T) {
		tt := &teller{t: t, service: web(), verdicts: map[checkID]healthcheck.Verdict{identify(checkOf("a")): healthcheck.Down}, now: time.Unix(1000, 0)}
		heavy(tt)
		tt.service.Servers[0].Weight = 10000
		changes, last := 0, -1
		tt.step(nil)
		tt.verdicts[identify(checkOf("a"))] = healthcheck.Up
		for weight := 0; weight < 10000; {
			tt.step(nil)
			if weight = tt.state.members[0].weight; weight <= last {
				t.Fatalf("woken for nothing: %d after %d", weight, last)
			}
			if last, changes = weight, changes+1; !tt.state.wake.IsZero() {
				tt.now = tt.state.wake
			}
		}
		if took := tt.now.Sub(time.Unix(1000, 0)); changes != rampSteps+1 || took != 10*time.Second {
			t.Errorf("%d changes in %v", changes, took)
		}
	})
}

func TestOutlierGuard(t *testing.T) {
	half := func(tt *teller) { three(tt); tt.service.MaxFailed = 0.5 } // one of three
	well := move{verdicts: "a+ b+ c+", table: "a=1 b=1 c=1", events: "up a; up b; up c; quorum.gained"}
	guarded := "guard.active (" + guarding + ")"
	t.Run("who failed first goes, the others stay", func(t *testing.T) {
		play(t, "", half, well,
			move{verdicts: "b-", table: "a=1 c=1", events: "down b; removed b (check failed)"},
			move{after: time.Second, verdicts: "a-", table: "a=1 c=1", events: "down a; " + guarded},
			move{after: time.Second, verdicts: "c-", table: "a=1 c=1", events: "down c; " + guarded},
			move{after: time.Second, verdicts: "b+", table: "b=1 c=1", events: "removed a (check failed); up b"},
			move{after: time.Second, verdicts: "c+", table: "b=1 c=1", events: "up c; guard.over"},
		)
	})
	t.Run("a restart among failures changes nothing", func(t *testing.T) {
		play(t, "a=1 c=1", half,
			move{verdicts: "a- b- c-", table: "a=1 c=1", events: "down a; down b; down c; quorum.gained; " + guarded},
		)
	})
	t.Run("nobody may go", func(t *testing.T) {
		play(t, "", func(tt *teller) { three(tt); tt.service.MaxFailed = 0 }, well,
			move{verdicts: "a- b- c-", table: "a=1 b=1 c=1", events: "down a; down b; down c; " + guarded},
		)
	})
	t.Run("29 of 100 are 0.29", func(t *testing.T) {
		s := stepper{service: &service{Service: Service{MaxFailed: 0.29}, members: make([]member, 100)}}
		wishes := make([]wish, 100)
		for i := range 29 {
			wishes[i].verdict = healthcheck.Down
		}
		if kept := s.guard(wishes, make([]bool, 100)); kept != 0 {
			t.Errorf("%d kept in", kept)
		}
	})
	t.Run("who is disabled does not count", func(t *testing.T) {
		play(t, "", func(tt *teller) { half(tt); tt.service.Servers[0].Disabled = true },
			move{verdicts: "b+ c+", table: "b=1 c=1", events: "up b; up c; quorum.gained"},
			move{verdicts: "b-", table: "c=1", events: "down b; removed b (check failed)"},
			move{verdicts: "c-", table: "c=1", events: "down c; " + guarded},
		)
	})
}
