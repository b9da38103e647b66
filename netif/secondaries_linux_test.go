package netif

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const promoteFile = "ipv4/conf/eth0/promote_secondaries"

func promote(t testing.TB, links ...int) {
	t.Helper()
	wanted := map[int]bool{}
	for _, index := range links {
		wanted[index] = true
	}
	if err := PromoteSecondaries(wanted); err != nil {
		t.Fatal(err)
	}
}

// promotion is the setting of eth0 and, as a guard, that of nothing else.
func promotion(t testing.TB) string {
	t.Helper()
	for _, other := range []string{"all", "default", "lo", "peer0"} {
		if got := setting(t, "ipv4/conf/"+other+"/promote_secondaries"); got != "0" {
			t.Errorf("promote_secondaries of %s is %s", other, got)
		}
	}
	return setting(t, promoteFile)
}

// hear subscribes to the changes of IPv4 addresses.
func hear(t testing.TB) *conn {
	t.Helper()
	heard, err := dial(listedBuffer, unix.RTNLGRP_IPV4_IFADDR)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { heard.close() })
	if err := heard.file.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return heard
}

// unpromotedNamespace is inNamespace with the kernel's own defaults.
func unpromotedNamespace(t testing.TB) (eth0 int) {
	t.Helper()
	inNamespace(t)
	for _, link := range []string{"all", "default", "lo", "peer0", "eth0"} {
		writeSysctl(t, "ipv4/conf/"+link+"/promote_secondaries", "0")
	}
	return linkIndex(t, "eth0")
}

// Ours stays when the host's primary goes, and is never away: nothing announces
// its removal.
func TestPromotedSecondariesOutliveTheirPrimary(t *testing.T) {
	eth0 := unpromotedNamespace(t)
	a := openAddresses(t)
	claim(t, a, eth0, time.Minute, "192.0.2.9/24", "192.0.2.8/24")
	heard := hear(t)
	promote(t, eth0)
	if got := promotion(t); got != "104" {
		t.Errorf("promote_secondaries is %s", got)
	}
	ip(t, "addr del 192.0.2.1/24 dev eth0")
	wantOnLink(t, "eth0", "192.0.2.9/24", "192.0.2.8/24")
	ip(t, "addr add 203.0.113.1/32 dev eth0") // the last to be announced
	for gone := 0; ; {
		messages, err := heard.receive()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			n, ok, err := parseNews(m)
			switch {
			case err != nil || !ok:
				t.Fatal(err)
			case n.gone && n.addr.Ours():
				t.Errorf("%s was away", n.addr.Prefix)
			case n.gone:
				gone++
			case n.addr.Prefix.String() == "203.0.113.1/32":
				if gone != 1 {
					t.Errorf("%d addresses of the host's went, want 1", gone)
				}
				return
			}
		}
	}
}

// What it was comes back, by whoever calls next: nothing but the kernel
// remembers.
func TestPromotionIsUndone(t *testing.T) {
	eth0 := unpromotedNamespace(t)
	for range 2 {
		promote(t, eth0)
		promote(t, eth0)
		if got := promotion(t); got != "104" {
			t.Errorf("set: %s", got)
		}
		promote(t)
		if got := promotion(t); got != "0" {
			t.Errorf("restored: %s", got)
		}
	}
	promote(t, eth0, 1<<20)
	ip(t, "link del eth0")
	promote(t, eth0)
	promote(t)
}

// What others wrote, before or since, is theirs.
func TestPromotionByOthersStays(t *testing.T) {
	eth0 := unpromotedNamespace(t)
	writeSysctl(t, promoteFile, "1")
	promote(t, eth0)
	if got := promotion(t); got != "1" {
		t.Errorf("it was 1 before: %s", got)
	}
	promote(t)
	if got := promotion(t); got != "1" {
		t.Errorf("it was 1 before, after: %s", got)
	}
	for _, theirs := range []string{"0", "1"} {
		writeSysctl(t, promoteFile, "0")
		promote(t, eth0)
		writeSysctl(t, promoteFile, theirs)
		promote(t)
		if got := promotion(t); got != theirs {
			t.Errorf("somebody wrote %s since: %s", theirs, got)
		}
	}
}

func TestPromotionNeedsItsCapability(t *testing.T) {
	eth0 := unpromotedNamespace(t)
	var none [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&header, &none[0]); err != nil { // this thread alone
		t.Fatal(err)
	}
	if err := PromoteSecondaries(map[int]bool{eth0: true}); !errors.Is(err, ErrPermission) {
		t.Errorf("without capabilities: %v", err)
	}
}

// Of many secondaries none is promoted when all are released: each promotion
// makes the routes of all that are left anew.
func TestReleaseOfASubnetPromotesNothing(t *testing.T) {
	eth0 := unpromotedNamespace(t)
	promote(t, eth0)
	a := openAddresses(t)
	own := []string{"203.0.113.9/24", "203.0.113.10/24", "203.0.113.11/24"}
	claim(t, a, eth0, time.Minute, own...)
	heard := hear(t)
	release(t, a, eth0, own...)
	wantOnLink(t, "eth0", "192.0.2.1/24")
	for gone := 0; gone < len(own); {
		messages, err := heard.receive()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			n, _, err := parseNews(m)
			if err != nil {
				t.Fatal(err)
			}
			if !n.gone {
				t.Errorf("%s was promoted", n.addr.Prefix)
			}
			gone++
		}
	}
}
