package integration

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR06MasterPaused: a master that was frozen for longer than its peer waits
// lets go before it says a word.
func TestR06MasterPaused(t *testing.T) {
	t.Run("7s", func(t *testing.T) {
		s := begin(t, lab.Cluster{})
		s.prefer(s.lb2)
		machine := watchTheMachine(t)
		u := s.pauseMaster(7 * time.Second)
		machine.leave()
		for _, tenure := range u.history {
			if len(tenure.Owners) == 2 {
				machine.within(t, "two owners after the thaw", tenure.From, tenure.To, late) // there is one: the median of the others is held against less
			}
		}
		s.audit("lb1")
	})
	// Shorter than the kernel's lease: only hald itself can let go.
	t.Run("700ms", func(t *testing.T) {
		s := begin(t, lab.Cluster{Interval: 100 * time.Millisecond})
		s.prefer(s.lb2)
		var both figures
		for range tries {
			both = append(both, s.pauseMaster(700*time.Millisecond).both())
		}
		both.within(t, "two owners after the thaw", preemption.both)
		s.audit("lb1")
	})
}

// pauseMaster freezes lb1 while lb2 takes over, and thaws it. It is the better
// one and takes its place back, but as any other does: it lets go of the address
// at once if it still has it, hears what was said meanwhile, and claims the
// address when it has been silent for Skew_Time. It returns what happened since the
// thaw.
func (s *scene) pauseMaster(length time.Duration) turn {
	s.t.Helper()
	s.lb1.Freeze()
	frozen := time.Now()
	s.Eventually(settle, "lb2 holds the VIP", func() bool { return s.Holds("lb2", lab.VIP) })
	time.Sleep(time.Until(frozen.Add(length)))
	u := s.turns("lb1", s.lb1.Thaw)
	thawed := u.start
	s.t.Logf("since the thaw: %v", u.history)

	if !slices.ContainsFunc(u.history, func(tenure lab.Tenure) bool { return slices.Equal(tenure.Owners, []string{"lb2"}) }) {
		s.t.Errorf("lb1 did not let go: %v", u.history)
	}
	s.lb1.AwaitEvent(settle, "that it stood still", func(e lab.Event) bool {
		return e.Name == "vrrp.transition" && e.From == "master" && e.Reason == "stalled"
	})

	announcements := map[string]int{} // of each kind, by what is said
	for _, f := range s.wire.Frames(thawed) {
		if f.From != "lb1" || f.ARP != nil && !f.ARP.Gratuitous() {
			continue
		}
		if after := f.Time.Sub(thawed); after < s.cluster.SkewTime("lb1") {
			s.t.Errorf("said %v after the thaw: %+v %+v", after, f.Advert, f.ARP)
		}
		if f.ARP != nil && f.Time.Before(u.end) {
			announcements[fmt.Sprintf("%v, operation %d", f.ARP.SenderIP, f.ARP.Operation)]++
		}
	}
	s.t.Logf("announced: %v", announcements)
	for what, n := range announcements {
		if n > 5 {
			s.t.Errorf("%d announcements of %s, want at most 5", n, what)
		}
	}
	return u
}

// TestR07BackupPaused: a backup that was frozen hears the adverts it missed before
// it looks at the clock.
func TestR07BackupPaused(t *testing.T) {
	const look = 50 * time.Millisecond // a claim comes at once
	tries, length, interval := 100, 500*time.Millisecond, 100*time.Millisecond
	if *full { // five runs are a hundred
		tries, length, interval = 20, 7*time.Second, time.Second
	}
	s := begin(t, lab.Cluster{Interval: interval})
	told := func() [2]int { return [2]int{len(transitions(s.lb1)), len(transitions(s.lb2))} }
	void := 0
	for n := 0; n < tries; n++ {
		start, before := time.Now(), told()
		s.lb2.Freeze()
		time.Sleep(length)
		s.lb2.Thaw()
		time.Sleep(look)
		owners, adverts, after := s.owners.Ownership().Since(start), s.wire.Adverts("lb2", start), told()
		if len(owners) == 1 && len(adverts) == 0 && after == before {
			continue
		}
		// Nobody can be master on a machine that stands still.
		if stall := s.stall(start); stall >= s.cluster.Interval && void < tries {
			t.Logf("the machine stood still for %v: once more", stall)
			s.AwaitMaster("lb1", settle)
			void, n = void+1, n-1
			continue
		}
		t.Errorf("try %d: owners %v; the backup sent %d adverts; transitions %v, before %v; the machine stood still for %v",
			n, owners, len(adverts), after, before, s.stall(start))
	}
	s.audit("lb1")
}
