package lab

import (
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// TestWatchHasTheKernelsTime: what the watch tells of an address happened between the
// request and its answer, and it misses nothing.
func TestWatchHasTheKernelsTime(t *testing.T) {
	t.Parallel()
	l := New(t)
	w := l.WatchOwners(VIP)
	type moment struct {
		from, to time.Time
		owners   []string
	}
	var moments []moment
	act := func(director string, act func(netlink.Link, *netlink.Addr) error, owners ...string) {
		t.Helper()
		l.must(l.director(director).do(func() error {
			link, err := netlink.LinkByName(Interface)
			if err != nil {
				return err
			}
			address, err := netlink.ParseAddr(VIP.String())
			if err != nil {
				return err
			}
			m := moment{from: time.Now(), owners: owners}
			err = act(link, address)
			m.to = time.Now()
			moments = append(moments, m)
			return err
		}))
	}
	for range 20 {
		act("lb1", netlink.AddrAdd, "lb1")
		act("lb2", netlink.AddrAdd, "lb1", "lb2")
		act("lb1", netlink.AddrDel, "lb2")
		act("lb2", netlink.AddrDel)
	}
	history := w.Ownership()[1:] // without the beginning
	if len(history) != len(moments) {
		t.Fatalf("%d changes, want %d", len(history), len(moments))
	}
	for i, m := range moments {
		if h := history[i]; h.From.Before(m.from) || h.From.After(m.to) || !slices.Equal(h.Owners, m.owners) {
			t.Errorf("change %d: %v since %v after the request, which took %v; want %v", i, h.Owners, h.From.Sub(m.from), m.to.Sub(m.from), m.owners)
		}
	}
}
