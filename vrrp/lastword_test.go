package vrrp

import (
	"slices"
	"testing"
	"time"
)

// TestLastWord: two machines meet. The one that yields says so, whatever the other
// one knows, and the other one announces the addresses again, unless it has just
// begun to.
func TestLastWord(t *testing.T) {
	const s = time.Second
	word := func(t *testing.T, loser *Machine, now time.Time) Heard {
		t.Helper()
		for _, a := range loser.Step(now, advert(above, 200, s)) {
			if said, ok := a.(Advertise); ok {
				return advert(below, said.Priority, s)
			}
		}
		t.Fatal("the loser said nothing")
		return Heard{}
	}
	reannounces := func(m *Machine, now time.Time, h Heard) bool {
		return slices.Contains(m.Step(now, h), Action(Reannounce{}))
	}

	t.Run("after a partition", func(t *testing.T) {
		loser, cfg := at(t, Master, testConfig()), testConfig()
		cfg.Priority = 200
		winner := at(t, Master, cfg)
		if !reannounces(winner, epoch.Add(s/2), word(t, loser, epoch.Add(s/2))) {
			t.Error("the winner does not announce the addresses again")
		}
	})
	t.Run("of one that was preempted", func(t *testing.T) {
		loser, cfg := at(t, Master, testConfig()), testConfig()
		cfg.Priority = 200
		winner := at(t, Backup, cfg)
		winner.Step(epoch.Add(s), advert(below, 100, s))
		taken := winner.Deadline()
		winner.Step(taken, Timeout{})
		if reannounces(winner, taken.Add(s/10), word(t, loser, taken)) {
			t.Error("the winner announces twice what it has just begun to")
		}
		winner.Step(winner.Deadline(), Timeout{})
		if !reannounces(winner, winner.Deadline().Add(-s/2), advert(below, 100, s)) {
			t.Error("the winner leaves the one who does not give way unanswered")
		}
	})
}
