package healthcheck

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// nervous asks for a probe 300 ms after each.
type nervous struct{ checkFunc }

func (n nervous) Await(ctx context.Context) bool {
	select {
	case <-time.After(300 * time.Millisecond):
		return true
	case <-ctx.Done():
		return false
	}
}

func TestMonitorIsPrompted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var starts []time.Duration
		begin := time.Now()
		m := Monitor{Interval: time.Second, Timeout: time.Second, Checker: nervous{func(context.Context) error {
			starts = append(starts, time.Since(begin))
			return nil
		}}}
		ctx, cancel := context.WithTimeout(t.Context(), 1250*time.Millisecond)
		defer cancel()
		m.Run(ctx, func(Result) {})
		ms := time.Millisecond
		equalTimes(t, starts, 0, 300*ms, 600*ms, 900*ms, 1000*ms)
	})
}

// hasty is prompted again and again.
type hasty struct{ checkFunc }

func (hasty) Await(context.Context) bool { return true }

func TestMonitorIsNotPromptedTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probes := 0
		m := Monitor{Interval: time.Hour, Timeout: time.Second, Checker: hasty{func(context.Context) error { probes++; return nil }}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+1)
		defer cancel()
		m.Run(ctx, func(Result) {})
		if probes != 101 {
			t.Errorf("%d probes in 10 s, want one each 100 ms", probes)
		}
	})
}
