package integration

import (
	"testing"

	"github.com/hald-project/hald/integration/lab"
)

// TestR13LinkDown: a master without a link is silent; its peer takes over when
// Active_Down_Interval has passed, and the return is seamless.
func TestR13LinkDown(t *testing.T) {
	s := begin(t, lab.Cluster{})
	s.prefer(s.lb2)
	for _, c := range []struct {
		name       string
		fail, heal func(node string)
	}{
		{"Cable", s.CutLink, s.RestoreLink},
		{"Interface", s.DisableInterface, s.EnableInterface},
	} {
		t.Run(c.name, func(t *testing.T) {
			var outages, gaps, let figures
			var returns []turn
			for range tries {
				u := s.turns("lb2", func() { c.fail("lb1") })
				outages, gaps, let = append(outages, s.outage(u)), append(gaps, u.gap.Length()), append(let, u.kept("lb1"))
				returns = append(returns, s.turns("lb1", func() { c.heal("lb1") }))
			}
			outages.within(t, "from the last advert of the one to the announcement of the other", s.cluster.DownInterval("lb2")+prompt)
			gaps.within(t, "gap", s.cluster.DownInterval("lb2")+oneUpdate)
			let.within(t, "the old master let go after", 2*oneUpdate)
			seamless(t, returns)
			planned(t, returns, preemption)
		})
	}
	s.audit("lb1")
}
