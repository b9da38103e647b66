package netif

import (
	"errors"
	"testing"
	"time"
)

func TestRenew(t *testing.T) {
	a, eth0 := inNamespace6(t, "2001:db8::1/64")
	out := watch(t, new(Watcher))
	names := []string{"192.0.2.9/24", "2001:db8::9/64", "198.51.100.9/24", "10.1.0.9/32"}
	before := until(t, out, "the start", holds("eth0", "2001:db8::1/64"))
	claim(t, a, eth0, 2*time.Second, names...)
	ip(t, "addr del 10.1.0.9/32 dev eth0")
	// By a snapshot from before the claim, and by newer ones.
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		for _, name := range names { // a portion at a time
			if err := a.Renew(before, "eth0", virtual(name), 2*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case s := <-out:
			before = s
		default:
		}
	}
	wantOnLink(t, "eth0", "192.0.2.1/24", "198.51.100.9/24", "10.1.0.9/32", "192.0.2.9/24")
	wantOnLink6(t, "2001:db8::1/64", "2001:db8::9/64")
	until(t, out, "the end of the leases", not(holds("eth0", "192.0.2.9/24")))

	// What the host took meanwhile is its own.
	ip(t, "addr add 192.0.2.9/24 dev eth0")
	now := until(t, out, "the host's", holds("eth0", "192.0.2.9/24"))
	var foreign *ForeignAddressError
	if err := a.Renew(now, "eth0", virtual(names...), 2*time.Second); !errors.As(err, &foreign) {
		t.Errorf("an address of the host: %v", err)
	}
	ip(t, "link del eth0")
	if err := a.Renew(Links{}, "eth0", virtual(names...), 2*time.Second); !errors.Is(err, ErrLinkGone) {
		t.Errorf("a link that nobody sees: %v", err)
	}
	if err := a.Renew(before, "eth0", virtual(names...), 2*time.Second); !errors.Is(err, ErrLinkGone) {
		t.Errorf("a link that is gone: %v", err)
	}
}
