package config

import (
	"fmt"
	"math/big"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// readCare reads how a service deals with servers that fail and return.
func (r *reader) readCare(b *block, sv *service, quorum field[int], servers []server) {
	hysteresis := read(r, b, "hysteresis", integer(0, 1<<31-1)).or(0)
	sv.Hysteresis = hysteresis.value
	sv.SlowStart = read(r, b, "slow_start", duration(0, 24*time.Hour, time.Millisecond)).or(0).value
	sv.MaxFailed = read(r, b, "max_failed", share).or(1).value
	if b.defaults || !hysteresis.ok || !hysteresis.given || !quorum.ok {
		return
	}
	if hysteresis.value >= quorum.value {
		r.fail(hysteresis.at, "Invalid hysteresis", fmt.Sprintf(
			"%s is not below the quorum of %s: the quorum would never be lost. It is lost below quorum - hysteresis.", hysteresis.shown(), orDefault(quorum)))
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
