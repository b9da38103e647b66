package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR35FiveHundredChecks: checks that all begin with the daemon do not go out
// together, nor does the master miss a beat for them.
func TestR35FiveHundredChecks(t *testing.T) {
	t.Parallel()
	const servers, first, interval, rounds = 500, 20000, 2 * time.Second, 3
	l := lab.New(t)
	var text strings.Builder
	text.WriteString(configuration(t, l, lab.Cluster{}))
	fmt.Fprintf(&text, "\nvirtual_server \"crowd\" {\n  addresses  = [\"192.0.2.100:90\"]\n  protocol   = \"tcp\"\n"+
		"  forwarding = \"nat\"\n\n  check \"tcp\" {\n    interval = %q\n  }\n", interval)
	var listeners []*lab.Listener
	for port := first; port < first+servers; port++ {
		fmt.Fprintf(&text, "  real_server \"s%d\" {\n    address = \"198.51.100.22:%d\"\n  }\n", port, port)
		listeners = append(listeners, l.Listen("web2", port))
	}
	text.WriteString("}\n")
	wire := l.Capture()
	lb1 := l.HaldWith("lb1", l.WriteFile("crowd.hcl", text.String()))
	from := func(start time.Time) (later []time.Time) {
		for _, one := range listeners {
			for _, at := range one.Arrivals() {
				if at.After(start) {
					later = append(later, at)
				}
			}
		}
		slices.SortFunc(later, time.Time.Compare)
		return later
	}

	// What hald crowds is crowded every time; what the machine does, now and then.
	var starts, beats []int
	var began time.Time
	for try := range rounds {
		if try > 0 {
			lb1.Stop()
		}
		start := time.Now()
		lb1.Start()
		l.Eventually(settle, "every server was asked", func() bool { return len(from(start)) >= servers })
		began = from(start)[10] // the first may be the last of the life before
		time.Sleep(time.Until(began.Add(time.Second)))
		starts = append(starts, peak(t, from(start), began, time.Second))
	}
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
	master := time.Now()
	time.Sleep(rounds * interval)
	for round := range rounds {
		beats = append(beats, peak(t, from(master), master.Add(time.Duration(round)*interval), interval))
	}
	if mean := servers / 10; slices.Min(starts) > 2*mean {
		t.Errorf("at most %v checks in 100 ms of the first second of each life, want twice the mean of %d", starts, mean)
	}
	if mean := servers / int(interval/(100*time.Millisecond)); slices.Min(beats) > 2*mean {
		t.Errorf("at most %v checks in 100 ms of each interval, want twice the mean of %d", beats, mean)
	}
	var gaps figures
	adverts := between(l, wire, master, time.Now())
	for i := 1; i < len(adverts); i++ {
		gaps = append(gaps, adverts[i].Time.Sub(adverts[i-1].Time))
	}
	if len(gaps) < 3 {
		t.Fatalf("%d adverts", len(adverts))
	}
	gaps.within(t, "between adverts", 1200*time.Millisecond)
}

// peak is how many of the arrivals fall into the busiest 100 ms of a time.
func peak(t *testing.T, arrivals []time.Time, begin time.Time, during time.Duration) int {
	t.Helper()
	buckets := make([]int, during/(100*time.Millisecond))
	for _, at := range arrivals {
		if d := at.Sub(begin); d >= 0 && d < during {
			buckets[d/(100*time.Millisecond)]++
		}
	}
	t.Logf("checks in each 100 ms of %v: %v", during, buckets)
	return slices.Max(buckets)
}
