//go:build linux

package main

import (
	"net/netip"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// takeover is a change of master as the wire shows it.
type takeover struct {
	resigned  bool      // the old master said so, with priority 0
	last      time.Time // its first such advert, or else its last one
	announced time.Time // the new master's first gratuitous ARP for the address
}

// seen finds the takeover in frames, from an event on; what came before the
// event counts for the last advert only. False: there was none.
func seen(frames []lab.Frame, master, successor string, address netip.Addr, event time.Time) (t takeover, ok bool) {
	for _, f := range frames {
		switch {
		case f.Advert != nil && f.From == master && !t.resigned:
			t.last = f.Time
			t.resigned = f.Advert.Priority == 0
		case f.ARP != nil && f.From == successor && f.ARP.Gratuitous() && f.ARP.SenderIP == address && !f.Time.Before(event):
			t.announced = f.Time
			return t, !t.last.IsZero()
		}
	}
	return t, false
}

// bound is how long after the last advert the successor takes over (RFC 9568,
// 6.4.2): Skew_Time if the master resigned, else Active_Down_Interval.
func (t takeover) bound(c lab.Cluster, successor string) time.Duration {
	if t.resigned {
		return c.SkewTime(successor)
	}
	return c.DownInterval(successor)
}

// wait is the name of the bound.
func (t takeover) wait() string {
	if t.resigned {
		return "Skew_Time"
	}
	return "Active_Down_Interval"
}

// overhead is how much longer the successor took than that.
func (t takeover) overhead(c lab.Cluster, successor string) time.Duration {
	return t.announced.Sub(t.last) - t.bound(c, successor)
}
