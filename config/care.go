package config

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// readCare reads how a service deals with servers that fail and return.
func (r *reader) readCare(b *block, sv *service, quorum field[int], servers []server) {
	hysteresis := read(r, b, "hysteresis", integer(0, 1<<31-1)).or(0)
	sv.Hysteresis = hysteresis.value
	slow := read(r, b, "slow_start", duration(0, 24*time.Hour, time.Millisecond)).or(0)
	sv.SlowStart = slow.value
	sv.MaxFailed = read(r, b, "max_failed", share).or(1).value
	if b.defaults {
		return
	}
	r.checkWeighing(sv, slow, servers)
	if !hysteresis.ok || !hysteresis.given || !quorum.ok {
		return
	}
	if hysteresis.value >= quorum.value {
		r.fail(hysteresis.at, "Invalid hysteresis", fmt.Sprintf(
			"%s is not below the quorum of %s: the quorum would never be lost. It is lost below quorum - hysteresis.", hysteresis.shown(), orDefault(quorum)))
		return
	}
	if weighedLater(servers) {
		return
	}
	total := 0
	for _, s := range servers {
		if !s.weight.ok {
			return
		}
		total += s.Weight
	}
	if quorum.value <= total && quorum.value+hysteresis.value > total {
		r.fail(hysteresis.at, "Invalid hysteresis", fmt.Sprintf(
			"With %s the quorum could never be regained: that needs quorum + hysteresis, %d, and the real servers weigh %d together.", hysteresis.shown(), quorum.value+hysteresis.value, total))
	}
}

// weightless are the schedulers that look at no weight but 0 (net/netfilter/ipvs/ip_vs_rr.c,
// ip_vs_lc.c, ip_vs_dh.c).
var weightless = []string{"rr", "lc", "dh"}

// checkWeighing warns of weights that change and mean nothing.
func (r *reader) checkWeighing(sv *service, slow field[time.Duration], servers []server) {
	if !sv.scheduler.ok || !slices.Contains(weightless, sv.Scheduler) {
		return
	}
	const detail = "Scheduler %s looks at no weight but 0, so %s changes nothing. Another one, such as \"wrr\" or \"wlc\", does."
	if slow.given && slow.value > 0 {
		r.source.warn(&slow.at, "Scheduler without weights", fmt.Sprintf(detail, sv.scheduler.shown(), "slow_start"))
	}
	for _, s := range servers {
		if i := slices.IndexFunc(s.Checks, func(c Check) bool { return c.Weighs }); i >= 0 {
			r.source.warn(&sv.scheduler.at, "Scheduler without weights", fmt.Sprintf(detail, sv.scheduler.shown(), s.Checks[i].weigher()))
			return
		}
	}
}

// share accepts a number from 0 to 1.
func share(v value) (float64, error) {
	if v.v.Type() != cty.Number {
		return 0, complain("A number from 0 to 1 is needed here, without quotes; %s is not one.", v)
	}
	n := v.v.AsBigFloat()
	if n.Sign() < 0 || n.Cmp(big.NewFloat(1)) > 0 {
		return 0, complain("%s is out of range; it must be 0 to 1: 0.5 lets checks take out half of the servers.", v)
	}
	f, _ := n.Float64()
	return f, nil
}
