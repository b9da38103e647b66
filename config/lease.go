package config

import (
	"fmt"
	"time"
)

// lease is the value of address_lease.
type lease struct {
	auto bool
	time time.Duration // 0: off
}

func parseLease(v value) (lease, error) {
	if s, err := text(v); err == nil {
		switch s {
		case "auto":
			return lease{auto: true}, nil
		case "off":
			return lease{}, nil
		}
	}
	d, err := duration(time.Second, 24*time.Hour, time.Second)(v)
	if err != nil {
		return lease{}, complain("%s Or write \"auto\" or \"off\".", err)
	}
	return lease{time: d}, nil
}

// downInterval is how long a silent master is still believed: three
// advertisement intervals and the skew, which is a part of an interval (RFC
// 9568, 6.1), in version 2 of a second (RFC 3768, 6.1).
func downInterval(version int, interval time.Duration, priority int) time.Duration {
	unit := interval
	if version == 2 {
		unit = time.Second
	}
	return 3*interval + unit*time.Duration(256-priority)/256
}

// readLease reads address_lease and works out "auto".
func (r *reader) readLease(b *block, version field[int], interval field[time.Duration], priority field[int]) time.Duration {
	f := read(r, b, "address_lease", parseLease).or(lease{auto: true})
	if !f.ok || !version.ok || !interval.ok || !priority.ok {
		return 0
	}
	down := downInterval(version.value, interval.value, priority.value)
	if f.value.auto {
		return max(3*time.Second, (down+time.Second-1).Truncate(time.Second)+time.Second)
	}
	if f.value.time != 0 && f.value.time < down && !b.defaults {
		r.fail(f.at, "Invalid address_lease", fmt.Sprintf(
			"%s is shorter than the down interval%s: the master would lose its addresses before a peer takes them. The down interval is three advertisement intervals and the skew.", f.shown(), computed(" of "+plain(down), interval.text, priority.text)))
	}
	return f.value.time
}
