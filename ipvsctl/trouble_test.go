package ipvsctl_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

// Whatever the kernel refuses a destination for, the rest of the plan is done, the
// refusal is told once, and later rounds make up for it.
func TestARefusedDestinationHoldsUpNothingElse(t *testing.T) {
	for _, number := range []syscall.Errno{syscall.ENOMEM, syscall.ENOSPC, syscall.ENOBUFS, syscall.EINVAL, syscall.EPERM} {
		t.Run(number.Error(), inBubble(func(t *testing.T) {
			var table ipvstest.Table
			full := web.Destinations[0].Address
			table.Fail(ipvstest.Faults{Apply: func(op ipvsctl.Op) error {
				if op.Kind == ipvsctl.AddDestination && op.Destination.Address == full {
					return number
				}
				return nil
			}})
			l := start(t, &table, "")
			l.Set(services{web, dns, mail})
			synctest.Wait()
			if len(l.reports) != 2 || l.reports[0] != "applied ++++++" || !strings.Contains(l.reports[1], number.Error()) || !strings.Contains(l.reports[1], full.String()) {
				t.Errorf("reported %q", l.reports)
			}
			l.reports = nil
			has(t, &table, with(web, func(s *ipvsctl.Service) { s.Destinations = s.Destinations[1:] }), dns, mail)
			time.Sleep(time.Minute)
			l.expect()
			table.Fail(ipvstest.Faults{})
			time.Sleep(5 * time.Second)
			l.expect("applied +", "recovered")
			has(t, &table, web, dns, mail)
			l.stop()
		}))
	}
}

// The first trial after a failure is soon, and each later one takes twice as long, up to
// the resync; the next failure begins anew.
func TestRetriesBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table ipvstest.Table
		began := time.Now()
		var tried []time.Duration
		fail := func() {
			began, tried = time.Now(), nil
			table.Fail(ipvstest.Faults{Read: syscall.EBUSY, Wait: func(call string) {
				if call == "read" || call == "look" {
					tried = append(tried, time.Since(began))
				}
			}})
		}
		fail()
		l := start(t, &table, "")
		l.Set(services{dns})
		want := []time.Duration{0, 0, 200 * time.Millisecond, 600 * time.Millisecond, 1400 * time.Millisecond, 3 * time.Second, 6 * time.Second, 9 * time.Second}
		for range 2 {
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if !slices.Equal(tried, want) {
				t.Errorf("tried after %v, want %v", tried, want)
			}
			table.Fail(ipvstest.Faults{})
			time.Sleep(4 * time.Second) // beside the resync, not with it
			has(t, &table, dns)
			fail()
			l.Set(services{dns})
			want = []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond, 1500 * time.Millisecond, 3100 * time.Millisecond, 6100 * time.Millisecond, 9100 * time.Millisecond}
		}
		l.stop()
	})
}
