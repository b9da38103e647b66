package ipvsctl_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

// spied is a table that counts how it is asked.
type spied struct {
	ipvstest.Table
	calls []string
}

func (s *spied) spy(f ipvstest.Faults) {
	f.Wait = func(call string) { s.calls = append(s.calls, call) }
	s.Fail(f)
}

// asked are the calls since the last time.
func (s *spied) asked() []string {
	synctest.Wait()
	calls := s.calls
	s.calls = nil
	return calls
}

func several(n int) (all services) {
	for i := range n {
		all = append(all, tcp(fmt.Sprintf("192.0.2.%d:80", i+1), server("10.0.0.1:80", 1), server("10.0.0.2:80", 1)))
	}
	return all
}

// A change of few services reads these and no others; all are still read as often as before, and drift of
// what nobody changed is found then.
func TestReconcilerReadsWhatItChanges(t *testing.T) {
	look, read := []string{"look", "apply"}, []string{"read", "apply"}
	begin := func(t *testing.T) (*spied, *life, services) {
		table := new(spied)
		table.spy(ipvstest.Faults{})
		l := start(t, &table.Table, "")
		l.Set(several(9))
		l.expect("applied +++++++++++++++++++++++++++")
		if got := table.asked(); !slices.Equal(got, []string{"open", "read", "read", "apply"}) {
			t.Errorf("in the beginning: %v", got)
		}
		return table, l, several(9)
	}
	expect := func(t *testing.T, table *spied, want ...string) {
		t.Helper()
		if got := table.asked(); !slices.Equal(got, want) {
			t.Errorf("asked: %v, want %v", got, want)
		}
	}
	t.Run("one weight, a service less, one more, nothing", inBubble(func(t *testing.T) {
		table, l, want := begin(t)
		want[3].Destinations[1].Weight = 7
		l.Set(want)
		l.expect("applied ~")
		expect(t, table, look...)
		want = slices.Delete(slices.Clone(want), 5, 6)
		l.Set(want)
		l.expect("applied -")
		expect(t, table, look...)
		want = append(slices.Clone(want), mail)
		l.Set(want)
		l.expect("applied ++")
		expect(t, table, look...)
		l.Set(slices.Clone(want))
		l.expect("applied ")
		expect(t, table, look...)
		has(t, &table.Table, want...)
		l.stop()
	}))
	t.Run("what somebody did to it is seen before it is changed", inBubble(func(t *testing.T) {
		table, l, want := begin(t)
		strange := want[3]
		strange.Destinations = []ipvsctl.Destination{server("10.0.0.9:80", 1)}
		table.Put(strange)
		want[3].Destinations = []ipvsctl.Destination{server("10.0.0.1:80", 4), server("10.0.0.2:80", 1)}
		l.Set(want)
		l.expect("applied ++-")
		expect(t, table, look...)
		has(t, &table.Table, want...)
		l.stop()
	}))
	for _, changes := range []int{2, 4} {
		t.Run(fmt.Sprintf("drift elsewhere waits for its time, which %d changes do not put off", changes), inBubble(func(t *testing.T) {
			table, l, want := begin(t)
			strange := want[8]
			strange.Scheduler = "rr"
			table.Put(strange)
			for second := range 4 {
				time.Sleep(time.Second)
				if second < changes {
					want = slices.Clone(want)
					want[0].Destinations = []ipvsctl.Destination{server("10.0.0.1:80", 10+second)}
					l.Set(want)
				}
				synctest.Wait()
				if drifted := table.Services()[8].Scheduler == "rr"; drifted != (second < 2) {
					t.Errorf("after %d s it is there: %t", second+1, drifted)
				}
			}
			l.stop()
		}))
	}
	t.Run("many services, settings and failures are for the whole table", inBubble(func(t *testing.T) {
		table, l, want := begin(t)
		for i := range 5 {
			want[i].Destinations[0].Weight = 2
		}
		l.Set(want)
		l.expect("applied ~~~~~")
		expect(t, table, read...)
		l.Configure(ipvsctl.Settings{Timeouts: ipvsctl.Timeouts{TCP: time.Minute}})
		l.expect("applied ~")
		expect(t, table, read...)
		l.Configure(ipvsctl.Settings{Timeouts: ipvsctl.Timeouts{TCP: time.Minute}})
		l.expect("applied ")
		expect(t, table, look...)

		table.spy(ipvstest.Faults{Apply: func(ipvsctl.Op) error { return syscall.ENOMEM }})
		want = several(9)
		want[0].Destinations[0].Weight = 9
		l.Set(want[:8])
		synctest.Wait()
		table.spy(ipvstest.Faults{})
		table.asked()
		l.reports = nil
		l.Set(want)
		synctest.Wait()
		expect(t, table, read...)
		has(t, &table.Table, want...)
		l.stop()
	}))
	t.Run("a way that breaks is opened again", inBubble(func(t *testing.T) {
		table, l, want := begin(t)
		table.spy(ipvstest.Faults{Read: syscall.EBADF})
		want[0].Destinations[0].Weight = 2
		l.Set(want)
		l.expect("failed: " + syscall.EBADF.Error())
		table.spy(ipvstest.Faults{})
		time.Sleep(time.Second)
		l.expect("applied ~", "recovered")
		has(t, &table.Table, want...)
		l.stop()
	}))
}
