package integration

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR14Flaps: a link that comes and goes does not make the address go to and
// fro.
func TestR14Flaps(t *testing.T) {
	s := begin(t, lab.Cluster{Interval: time.Second})
	before := map[string]int{}
	for _, h := range s.directors() {
		before[h.Name()] = len(transitions(h))
	}
	u := s.turns("lb1", func() {
		for range 20 {
			s.CutLink("lb1")
			time.Sleep(100 * time.Millisecond)
			s.RestoreLink("lb1")
			time.Sleep(100 * time.Millisecond)
		}
	})
	figures{u.gap.Length()}.within(t, "outage", s.cluster.DownInterval("lb2")+oneUpdate)
	figures{u.gap.Known}.within(t, "from the first request that was lost to the last", s.cluster.DownInterval("lb2"))
	moves := 0
	for _, tenure := range u.history {
		if slices.Equal(tenure.Owners, []string{"lb2"}) {
			moves++
		}
	}
	if moves > 1 {
		t.Errorf("lb2 had the address %d times: %v", moves, u.history)
	}
	s.audit("lb1")
	for _, h := range s.directors() {
		// Each flap is a fault of lb1's and its end; the office changes hands to and fro once.
		offices := 0
		told := transitions(h)[before[h.Name()]:]
		for _, change := range told {
			if strings.Contains(change, "master>") || strings.Contains(change, ">master") {
				offices++
			}
		}
		if offices > 2 || h == s.lb2 && len(told) > 2 {
			t.Errorf("%s entered or left office %d times: %q", h.Name(), offices, told)
		}
	}
}

// TestR19ListeningPort: a switch port that forwards nothing for some seconds after
// the link came up, as a spanning tree has it, does not make a second master of
// a director that was told to be silent for so long.
func TestR19ListeningPort(t *testing.T) {
	t.Parallel()
	const listening = 8 * time.Second
	l := lab.New(t)
	c := lab.Cluster{Interval: 500 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	config := l.WriteFile("hold.hcl", strings.Replace(configuration(t, l, c), "preempt  ", "start_delay = \"10s\"\n  preempt  ", 1))
	s := office(t, l, c, l.HaldWith("lb1", config), l.HaldWith("lb2", config))
	l.CutLink("lb1")
	l.Eventually(settle, "lb2 holds the VIP alone", func() bool { return l.Holds("lb2", lab.VIP) && !l.Holds("lb1", lab.VIP) })
	s.prefer(s.lb2)
	l.Lose(lab.Loss{From: "lb1"}, lab.Loss{To: "lb1"})
	plugged := time.Now()
	l.RestoreLink("lb1")
	time.Sleep(listening)
	l.Deliver()
	forwards := time.Now()
	l.AwaitMaster("lb1", settle)
	history := s.owners.Ownership().Since(plugged)
	t.Logf("since the cable is back: %v", history)
	// lb2 alone, both while lb1 takes its place back, lb1 alone.
	if len(history) != 3 || !slices.Equal(history[0].Owners, []string{"lb2"}) || history[0].To.Before(forwards) {
		t.Fatalf("lb1 had the address before the port forwarded, %v after the cable was back: %v", forwards.Sub(plugged), history)
	}
	figures{history.Both(time.Now())}.within(t, "two owners", late)
	s.audit("lb1")
}
