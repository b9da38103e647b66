package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// The group of the scenarios: an IPv4 instance on the first link, an IPv6 one on
// the second.
var grouped = map[string]string{lab.Interface: "192.0.2.140/24", lab.SecondInterface: "fe80::140/64"}

func groupOfHald(better string) string {
	priority := map[string]int{"lb1": 100, "lb2": 100}
	priority[better] = 150
	return fmt.Sprintf(`cluster "lab" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_defaults {
  priority               = { lb1 = %d, lb2 = %d }
  advertisement_interval = "200ms"
}
vrrp_instance "outside" {
  interface         = %q
  virtual_router_id = 78
  virtual_addresses = [%q]
}
vrrp_instance "inside" {
  interface         = %q
  virtual_router_id = 79
  virtual_addresses = [%q]
}
vrrp_sync_group "edge" {
  members = ["outside", "inside"]
}
`, priority["lb1"], priority["lb2"], lab.Interface, grouped[lab.Interface], lab.SecondInterface, grouped[lab.SecondInterface])
}

func groupOfKeepalived(priority int) string {
	text := "global_defs {\n    vrrp_version 3\n}\nvrrp_sync_group edge {\n    group {\n        outside\n        inside\n    }\n}\n"
	for _, in := range []struct {
		name, link string
		vrid       int
	}{{"outside", lab.Interface, 78}, {"inside", lab.SecondInterface, 79}} {
		text += fmt.Sprintf(`vrrp_instance %s {
    state BACKUP
    interface %s
    virtual_router_id %d
    priority %d
    advert_int 0.2
    virtual_ipaddress {
        %s dev %s
    }
}
`, in.name, in.link, in.vrid, priority, grouped[in.link], in.link)
	}
	return text
}

// has tells whether a director holds the address of the group on a link.
func has(l *lab.Lab, director, link string) bool {
	return strings.Contains(l.Run(director, "ip", "-o", "address", "show", "dev", link), " "+grouped[link]+" ")
}

// awaitGroup waits until one director alone holds both addresses.
func awaitGroup(t *testing.T, l *lab.Lab, master, what string) {
	t.Helper()
	began := time.Now()
	l.Eventually(settle, what+": "+master+" alone holds both addresses", func() bool {
		for _, director := range lab.Directors {
			for link := range grouped {
				if has(l, director, link) != (director == master) {
					return false
				}
			}
		}
		return true
	})
	t.Logf("%s: %s has both addresses after %v", what, master, time.Since(began).Round(time.Millisecond))
}

// partial are losses on one link of the two.
var partial = []struct {
	name   string
	losses []lab.Loss
}{
	{"the first link loses lb1's adverts", []lab.Loss{{From: "lb1", Match: lab.VRRP}}},
	{"the first link loses lb2's adverts", []lab.Loss{{From: "lb2", Match: lab.VRRP}}},
	{"the second link loses lb1's adverts", []lab.Loss{{From: lab.SecondPort("lb1"), Match: "ip6 nexthdr 112"}}},
	{"the second link loses everything", []lab.Loss{{From: lab.SecondPort("lb1")}, {From: lab.SecondPort("lb2")}}},
}

// unmoved lets one link lose what it may for longer than the backup's down
// interval: no hald may change its mind, and the master keeps both addresses.
func unmoved(t *testing.T, l *lab.Lab, master string, halds ...*lab.Hald) {
	t.Helper()
	changes := func() (n int) {
		for _, h := range halds {
			for _, e := range h.Events() {
				if e.Name == "vrrp.transition" {
					n++
				}
			}
		}
		return n
	}
	for _, p := range partial {
		before := changes()
		l.Lose(p.losses...)
		time.Sleep(1100 * time.Millisecond)
		l.Deliver()
		for link, address := range grouped {
			if !has(l, master, link) {
				t.Errorf("%s: %s does not hold %s", p.name, master, address)
			}
		}
		if n := changes() - before; n != 0 {
			t.Errorf("%s: %d transitions", p.name, n)
		}
	}
}

// cutEither cuts one link of the better one, then the other, then stops it: both
// addresses go together, and come back.
func cutEither(t *testing.T, l *lab.Lab, better lab.Director, other string) {
	t.Helper()
	for _, port := range []string{better.Name(), lab.SecondPort(better.Name())} {
		l.CutLink(port)
		awaitGroup(t, l, other, "a cut of "+port)
		l.RestoreLink(port)
		awaitGroup(t, l, better.Name(), "its end")
	}
	better.Stop()
	awaitGroup(t, l, other, "a stop of "+better.Daemon())
}

// TestSyncGroup: two halds move both addresses together, and do nothing when one
// link loses adverts.
func TestSyncGroup(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	l.SecondLink()
	config := l.WriteFile("group.hcl", groupOfHald("lb1"))
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	lb1.Start()
	lb2.Start()
	awaitGroup(t, l, "lb1", "the start")
	unmoved(t, l, "lb1", lb1, lb2)
	if a, b := pathsDown(lb1), pathsDown(lb2); a != 0 || b != 2 {
		t.Errorf("lb1, which is master, told of %d links that are silent, and lb2 of %d, want of 2: of each once, as the losses follow one another", a, b)
	}
	cutEither(t, l, lb1, "lb2")
}

// TestInteropSyncGroup: keepalived's group of two instances and hald's group are
// each other's peer.
func TestInteropSyncGroup(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	l.SecondLink()
	for _, better := range lab.Directors {
		priority := map[string]int{"lb1": 100, "lb2": 100}
		priority[better] = 150
		hald := l.HaldWith("lb1", l.WriteFile("group.hcl", groupOfHald(better)))
		peer := l.KeepalivedWith("lb2", groupOfKeepalived(priority["lb2"]))
		hald.Start()
		peer.Start()
		awaitGroup(t, l, better, "the start")
		time.Sleep(2 * time.Second) // ten adverts of each instance, which keepalived sends at times of their own
		if n := pathsDown(hald); n > 0 {
			t.Errorf("hald says %d times that a link is silent, and none is", n)
		}
		unmoved(t, l, better, hald)
		if better == "lb1" {
			cutEither(t, l, hald, "lb2")
		} else {
			cutEither(t, l, peer, "lb1")
		}
		hald.Stop()
		peer.Stop()
	}
}
