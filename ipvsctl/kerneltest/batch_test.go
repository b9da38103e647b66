//go:build linux && !race

package kerneltest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/moby/ipvs"
	"golang.org/x/sys/unix"
)

// TestALargeTable writes 1000 services of 10 destinations in batches, and a
// tenth of it with moby/ipvs for comparison; it reports the ratio.
func TestALargeTable(t *testing.T) {
	namespace(t)
	k := open(t)
	want := large(1000, 10)
	took := func(what string, f func()) time.Duration {
		start := time.Now()
		f()
		d := time.Since(start)
		t.Logf("%-40s %8.1f ms", what, float64(d.Microseconds())/1000)
		return d
	}
	ops := ipvsctl.Plan(nil, want, nil)
	ours := took("write 11,000 ops in batches", func() {
		if failed, err := k.Apply(ops); err != nil || failed != nil {
			t.Fatal(failed, err)
		}
	})

	var have ipvsctl.Snapshot
	took("read 1000 services, 10,000 destinations", func() { have = read(t, k) })
	if diff := cmp.Diff(want, have.Services, comparable); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if lines := strings.Count(ipvsadm(t, "-Sn"), "\n"); lines != 11000 {
		t.Errorf("ipvsadm counts %d lines, want 11000", lines)
	}

	heavier := large(1000, 10)
	for i := range heavier {
		for j := range heavier[i].Destinations {
			heavier[i].Destinations[j].Weight = 9
		}
	}
	took("change 10,000 weights, reading first", func() { apply(t, k, heavier) })
	took("delete 1000 services, reading first", func() { apply(t, k, nil) })

	other, err := ipvs.New("")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	theirs := took("write 1100 ops with moby/ipvs", func() {
		for _, s := range want[:100] {
			service := &ipvs.Service{
				Protocol: uint16(s.Key.Protocol), Address: s.Key.Address.Addr().AsSlice(), Port: s.Key.Address.Port(),
				AddressFamily: unix.AF_INET, SchedName: s.Scheduler, Netmask: ^uint32(0),
			}
			if err := other.NewService(service); err != nil {
				t.Fatal(err)
			}
			for _, d := range s.Destinations {
				destination := &ipvs.Destination{
					Address: d.Address.Addr().AsSlice(), Port: d.Address.Port(),
					AddressFamily: unix.AF_INET, ConnectionFlags: uint32(d.Method), Weight: d.Weight,
				}
				if err := other.NewDestination(service, destination); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	if diff := cmp.Diff(want[:100], read(t, k).Services, comparable); diff != "" {
		t.Errorf("moby/ipvs wrote something else (-want +got):\n%s", diff)
	}
	t.Logf("moby/ipvs takes %.1f times as long per op", float64(theirs)*10/float64(ours))
}

// TestFailuresInABatch: each failure is named, and the ops around it are done.
func TestFailuresInABatch(t *testing.T) {
	namespace(t)
	k := open(t)
	var ops []ipvsctl.Op
	var wrong []string
	add := func(op ipvsctl.Op, fails bool) {
		if ops = append(ops, op); fails {
			wrong = append(wrong, op.String())
		}
	}
	table := large(1500, 0)
	for i, s := range table {
		add(ipvsctl.Op{Kind: ipvsctl.AddService, Service: s}, false)
		if i%7 == 0 {
			add(ipvsctl.Op{Kind: ipvsctl.AddService, Service: s}, true)
		}
	}
	d := server("10.0.0.1:80", ipvsctl.DirectRoute, 1)
	add(ipvsctl.Op{Kind: ipvsctl.UpdateDestination, Service: table[0], Destination: d}, true)

	failed, err := k.Apply(ops)
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for i, f := range failed {
		named = append(named, f.Op.String())
		want := unix.EEXIST
		if i == len(failed)-1 {
			want = unix.ENOENT
		}
		if !errors.Is(f, want) {
			t.Errorf("%v, want %v", f, want)
		}
	}
	if diff := cmp.Diff(wrong, named); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(table, read(t, k).Services, comparable); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

// TestErrorsSayWhatIsMissing: the kernel's numbers alone would not.
func TestErrorsSayWhatIsMissing(t *testing.T) {
	namespace(t)
	k := open(t)
	web := ipvsctl.Service{Key: key(ipvsctl.TCP, "192.0.2.1:80"), Scheduler: "wlc"}
	odd := web
	odd.Scheduler = "nonesuch"
	swapped := server("10.0.0.1:80", ipvsctl.DirectRoute, 1)
	swapped.Lower, swapped.Upper = 2, 1
	apply(t, k, []ipvsctl.Service{web})
	for _, c := range []struct {
		op    ipvsctl.Op
		errno error
		text  string
	}{
		{ipvsctl.Op{Kind: ipvsctl.UpdateService, Service: odd}, unix.ENOENT, "modprobe ip_vs_nonesuch"},
		{ipvsctl.Op{Kind: ipvsctl.AddService, Service: web}, unix.EEXIST, "there already"},
		{ipvsctl.Op{Kind: ipvsctl.DeleteService, Service: ipvsctl.Service{Key: key(ipvsctl.UDP, "192.0.2.1:80")}}, unix.ESRCH, "no such service"},
		{ipvsctl.Op{Kind: ipvsctl.DeleteDestination, Service: web, Destination: swapped}, unix.ENOENT, "no such destination"},
		{ipvsctl.Op{Kind: ipvsctl.AddDestination, Service: web, Destination: swapped}, unix.ERANGE, "out of range"},
		{ipvsctl.Op{Kind: ipvsctl.AddDestination, Service: web, Destination: server("224.0.0.18:80", ipvsctl.DirectRoute, 1)}, unix.EINVAL, "not a unicast address"},
		{ipvsctl.Op{Kind: ipvsctl.AddDestination, Service: web, Destination: server("[2001:db8::1]:80", ipvsctl.Masquerade, 1)}, unix.EINVAL, "another family"},
	} {
		failed, err := k.Apply([]ipvsctl.Op{c.op})
		if err != nil || len(failed) != 1 {
			t.Errorf("%s: %v, %v", c.op, failed, err)
		} else if f := failed[0]; !errors.Is(f, c.errno) || !strings.Contains(f.Error(), c.text) {
			t.Errorf("%v\nwant %v, %q", f, c.errno, c.text)
		}
	}
	if got := read(t, k).Services; !slices.EqualFunc(got, []ipvsctl.Service{web}, func(a, b ipvsctl.Service) bool { return a.String() == b.String() }) {
		t.Errorf("the table is %v", got)
	}
}
