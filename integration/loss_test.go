package integration

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// company is the configuration of virtual routers besides the lab's own, with the VRIDs after
// its.
func company(routers int) string {
	var b strings.Builder
	for i := range routers {
		vrid := lab.VRID + 1 + i
		fmt.Fprintf(&b, `
vrrp_instance "v%d" {
  interface              = "eth0"
  virtual_router_id      = %d
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "100ms"
  virtual_addresses      = ["192.0.2.%d/32"]
}
`, vrid, vrid, 100+vrid)
	}
	return b.String()
}

// claims are the moments at which lb2 became master, by instance, in [from, to).
func (s *scene) claims(from, to time.Time) map[string][]time.Time {
	claims := map[string][]time.Time{}
	for _, e := range s.lb2.Events() {
		if at := parsed(e).TS; e.Name == "vrrp.transition" && e.To == "master" && !at.Before(from) && at.Before(to) {
			claims[e.Instance] = append(claims[e.Instance], at)
		}
	}
	return claims
}

// TestR11Loss: of a link that loses three adverts in ten, the backup takes over as
// seldom as the protocol has it, and the clients, whose packets are not lost, hardly
// notice. At full length twenty virtual routers send ten thousand adverts at a loss of
// 10 %, of 20 % and of 30 %.
func TestR11Loss(t *testing.T) {
	losses, routers, adverts := []int{30}, 4, 250 // so many of each
	if *full {
		losses, routers, adverts = []int{10, 20, 30}, 20, 500
	}
	l := lab.New(t)
	c := lab.Cluster{Interval: 100 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	config := l.WriteFile("company.hcl", configuration(t, l, c)+company(routers-1))
	s := office(t, l, c, l.HaldWith("lb1", config), l.HaldWith("lb2", config))
	s.lossy, s.routers = true, routers
	machine := watchTheMachine(t)
	type stretch struct{ from, to time.Time }
	var played []stretch
	for _, percent := range losses {
		from := time.Now()
		s.Lose(lab.Loss{Match: lab.VRRP, Percent: percent})
		time.Sleep(time.Duration(adverts) * c.Interval)
		played = append(played, stretch{from, time.Now()})
		s.Deliver()
		s.turns("lb1", func() {})
	}
	machine.leave()
	s.awaitLastWord("lb1")

	for i, percent := range losses {
		from, to := played[i].from, played[i].to
		claims, n, void := s.claims(from, to), 0, 0
		for _, moments := range claims {
			for _, at := range moments {
				// Nobody speaks on a machine that stands still.
				if machine.absent(at.Add(-c.DownInterval("lb2")), at) > c.Interval/2 {
					void++
				} else {
					n++
				}
			}
		}
		p := float64(percent) / 100
		want := p * p * p * (1 - p) * float64(adverts*routers)
		t.Logf("%d %%: %d false failovers of %d virtual routers, by theory %.1f; and %d while the machine stood still, for %v in all",
			percent, n, routers, want, void, machine.absent(from, to))
		if float64(n) > max(1.3*want, want+4*math.Sqrt(want)) {
			t.Errorf("%d %%: %d false failovers, by theory %.1f", percent, n, want)
		}
		history, samples := s.owners.Ownership().Since(from), s.client.Since(from)
		samples = samples[:len(samples.Between(from, to))]
		for j, tenure := range history {
			if tenure.From.After(to) {
				history = history[:j]
				break
			}
		}
		had := 0
		for j, tenure := range history[1:] {
			if slices.Contains(tenure.Owners, "lb2") && !slices.Contains(history[j].Owners, "lb2") {
				had++
			}
		}
		if n := len(claims["lab"]); had < n-1 || had > n+1 { // one may be on the edge
			t.Errorf("lb2 had the address %d times, but told of %d", had, n)
		}
		duel := float64(history.Both(to)) / float64(to.Sub(from))
		lost := float64(samples.Lost()) / float64(len(samples))
		t.Logf("two masters for %.3f of the time; %.3f of %d requests lost", duel, lost, len(samples))
		if lost > 2*duel+0.01 {
			t.Errorf("%.3f of the requests were lost, with two masters for %.3f of the time", lost, duel)
		}
	}
	s.audit("lb1")
}
