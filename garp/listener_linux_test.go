package garp

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var comparable = cmpopts.EquateComparable(netip.Addr{})

// ear opens the listener for the family of the addresses at an end of the cable.
func ear(t *testing.T, ifi *net.Interface, addrs ...netip.Addr) *Listener {
	t.Helper()
	open := ListenARP
	if addrs[0].Is6() {
		if _, err := os.Stat("/proc/sys/net/ipv6"); err != nil {
			t.Skipf("needs a kernel with IPv6: %v", err)
		}
		open = ListenND
	}
	l, err := open(ifi.Index, addrs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func (l *Listener) hears(t *testing.T, want Claim) {
	t.Helper()
	got, err := l.Next()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, comparable); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestListenerHearsClaimsOfItsAddressesAlone: others do not even wake it.
func TestListenerHearsClaimsOfItsAddressesAlone(t *testing.T) {
	for _, own := range []netip.Addr{vip, vip6} {
		near, far := cable(t)
		l := ear(t, near, own)
		other := own.Next()
		if err := openSender(t).Announce(far.Index, mac, true, []netip.Addr{other, own, other}); err != nil {
			t.Fatal(err)
		}
		l.hears(t, Claim{own, MAC(mac)})
		if own.Is4() { // both forms
			l.hears(t, Claim{own, MAC(mac)})
		}
		if err := openSender(t).Defend(far.Index, far.HardwareAddr, true, []netip.Addr{own}); err != nil {
			t.Fatal(err)
		}
		l.hears(t, Claim{own, MAC(far.HardwareAddr)})
	}
}

// TestProbeIsAnswered: by the kernel of whoever has the address, and only so.
func TestProbeIsAnswered(t *testing.T) {
	for _, own := range []netip.Addr{vip, vip6} {
		near, far := cable(t)
		l := ear(t, near, own, own.Next())
		suffix := "/32"
		if own.Is6() {
			suffix = "/128 nodad"
		}
		ip(t, "addr add "+own.String()+suffix+" dev far")
		s, asked := openSender(t), make(chan struct{})
		stop := make(chan struct{})
		go func() { // again and again: the kernel joins the group of a new address of IPv6 in its own time
			defer close(asked)
			for again := time.NewTicker(20 * time.Millisecond); ; {
				if err := s.Probe(near.Index, near.HardwareAddr, []netip.Addr{own.Next(), own}); err != nil {
					t.Error(err)
				}
				select {
				case <-again.C:
				case <-stop:
					return
				}
			}
		}()
		l.hears(t, Claim{own, MAC(far.HardwareAddr)})
		close(stop)
		<-asked
	}
}

// TestRequestIsAnswered: by the kernel that has the address, to who asks.
func TestRequestIsAnswered(t *testing.T) {
	for _, pair := range []struct{ near, far string }{{"192.0.2.11/24", "192.0.2.12/24"}, {"fe80::b/64", "fe80::c/64"}} {
		source, own := netip.MustParsePrefix(pair.near).Addr(), netip.MustParsePrefix(pair.far).Addr()
		near, far := cable(t)
		l := ear(t, near, own)
		if own.Is6() {
			ip(t, "addr add "+pair.near+" dev near nodad")
			ip(t, "addr add "+pair.far+" dev far nodad")
		} else { // of a source in its own namespace the kernel thinks it is a forgery
			ip(t, "addr add "+pair.far+" dev far")
		}
		s, asked, stop := openSender(t), make(chan struct{}), make(chan struct{})
		go func() { // as in TestProbeIsAnswered
			defer close(asked)
			for again := time.NewTicker(20 * time.Millisecond); ; {
				if err := s.Request(near.Index, near.HardwareAddr, source, []netip.Addr{own}); err != nil {
					t.Error(err)
				}
				select {
				case <-again.C:
				case <-stop:
					return
				}
			}
		}()
		l.hears(t, Claim{own, MAC(far.HardwareAddr)})
		close(stop)
		<-asked
	}
}

// TestListenerOfMany: more addresses than a filter can tell apart.
func TestListenerOfMany(t *testing.T) {
	near, far := cable(t)
	many := []netip.Addr{netip.MustParseAddr("10.0.0.1")}
	for len(many) < maxFiltered+1 {
		many = append(many, many[len(many)-1].Next())
	}
	for _, n := range []int{maxFiltered, maxFiltered + 1} {
		l := ear(t, near, many[:n]...)
		if err := openSender(t).Defend(far.Index, mac, true, many[n-1:n]); err != nil {
			t.Fatal(err)
		}
		l.hears(t, Claim{many[n-1], MAC(mac)})
	}
}

func TestCloseEndsNext(t *testing.T) {
	near, _ := cable(t)
	l := ear(t, near, vip)
	ended := make(chan error)
	go func() {
		_, err := l.Next()
		ended <- err
	}()
	l.Close()
	if err := <-ended; err == nil {
		t.Error("no error")
	}
}
