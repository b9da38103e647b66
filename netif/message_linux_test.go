package netif

import (
	"math"
	"testing"
	"time"
)

func TestLifetime(t *testing.T) {
	for _, c := range []struct {
		lease  time.Duration
		tagged bool
		want   uint32
	}{
		{0, true, math.MaxUint32},
		{0, false, math.MaxUint32 - 1},
		{time.Millisecond, true, 1},
		{time.Second, true, 1},
		{time.Second + 1, true, 2},
		{200 * 365 * 24 * time.Hour, true, math.MaxUint32},
	} {
		if got := lifetime(c.lease, c.tagged); got != c.want {
			t.Errorf("lifetime(%v, %v) = %d, want %d", c.lease, c.tagged, got, c.want)
		}
	}
}
