package integration

import (
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestR16AddressDeleted: a virtual address that another tool takes away is back
// at once, and nobody but the log learns of it.
func TestR16AddressDeleted(t *testing.T) {
	s := begin(t, lab.Cluster{})
	before, start := transitions(s.lb1), time.Now()
	var missing, gaps figures
	for range tries {
		u := s.turns("lb1", func() {
			s.Run("lb1", "ip", "address", "delete", lab.VIP.String(), "dev", lab.Interface)
			s.restored(lab.VIP.String())
		})
		if len(u.history) != 3 {
			t.Errorf("owners: %v", u.history)
		}
		missing, gaps = append(missing, u.none()), append(gaps, u.gap.Length())
	}
	// The other one too; and that somebody asked for it is told.
	s.Run("lb1", "ip", "address", "delete", lab.Gateway.String(), "dev", lab.Interface)
	s.lb1.AwaitEvent(settle, "why it was restored", func(e lab.Event) bool {
		return e.Name == "address.restored" && e.Address == lab.Gateway.String() && e.Reason == "deleted"
	})

	missing.within(t, "the address was missing", oneUpdate)
	gaps.within(t, "gap", oneUpdate)
	if after := transitions(s.lb1); !slices.Equal(after, before) {
		t.Errorf("transitions: %q, in the beginning %q", after, before)
	}
	if adverts := s.wire.Adverts("lb2", start); len(adverts) > 0 {
		t.Errorf("the backup sent %d adverts", len(adverts))
	}
	s.audit("lb1")
}

// restored waits until lb1 tells that an address was restored.
func (s *scene) restored(address string) {
	s.t.Helper()
	s.lb1.AwaitEvent(settle, address+" was restored", func(e lab.Event) bool {
		return e.Name == "address.restored" && e.Address == address
	})
}

// TestR17AddressesFlushed: a master whose own address is gone too cannot speak for
// itself any more, and says so while it can.
func TestR17AddressesFlushed(t *testing.T) {
	s := begin(t, lab.Cluster{})
	var taken, gaps figures
	var returns []turn
	for range tries {
		u := s.turns("lb2", func() { s.FlushAddresses("lb1") })
		taken, gaps = append(taken, u.none()), append(gaps, u.gap.Length())
		returns = append(returns, s.turns("lb1", func() { s.RestoreAddresses("lb1") }))
	}
	taken.within(t, "nobody has the address", s.cluster.SkewTime("lb2")+late)
	gaps.within(t, "gap", s.cluster.SkewTime("lb2")+oneUpdate)
	seamless(t, returns)
	s.audit("lb1")
}
