//go:build linux && !race

package kerneltest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hald-project/hald/ipvsctl"
)

var (
	web = ipvsctl.Service{Key: key(ipvsctl.TCP, "192.0.2.1:80"), Scheduler: "wlc", Destinations: []ipvsctl.Destination{
		server("10.0.0.1:80", ipvsctl.DirectRoute, 1), server("10.0.0.2:80", ipvsctl.DirectRoute, 2),
	}}
	dns = ipvsctl.Service{Key: key(ipvsctl.UDP, "192.0.2.1:53"), Scheduler: "rr", Destinations: []ipvsctl.Destination{
		server("10.0.0.3:53", ipvsctl.Masquerade, 1),
	}}
	strange = ipvsctl.Service{Key: key(ipvsctl.TCP, "192.0.2.99:25"), Scheduler: "rr", Destinations: []ipvsctl.Destination{
		server("10.0.0.9:25", ipvsctl.Masquerade, 1),
	}}
)

// life runs a Reconciler on the test's table until the test stops it.
func life(t *testing.T, open func() (ipvsctl.Kernel, error), record string) (r *ipvsctl.Reconciler, reports <-chan ipvsctl.Report, stop func()) {
	t.Helper()
	told := make(chan ipvsctl.Report, 100)
	r = ipvsctl.NewReconciler(ipvsctl.Options{Open: open, Record: record, Report: func(r ipvsctl.Report) {
		if _, ok := r.(ipvsctl.Observed); !ok {
			told <- r
		}
	}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	return r, told, stop
}

// next waits for one report of a kind.
func next[T ipvsctl.Report](t *testing.T, reports <-chan ipvsctl.Report) (r T) {
	t.Helper()
	select {
	case got := <-reports:
		r, ok := got.(T)
		if !ok {
			t.Fatalf("reported %T %+v, want %T", got, got, r)
		}
		return r
	case <-time.After(20 * time.Second):
		t.Fatalf("no report, want %T", r)
	}
	return r
}

func TestDriftIsRepairedAndStrangersAreLeftAlone(t *testing.T) {
	elsewhere := namespace(t)
	ipvsadm(t, "-A", "-t", "192.0.2.99:25", "-s", "rr")
	ipvsadm(t, "-a", "-t", "192.0.2.99:25", "-r", "10.0.0.9:25", "-m", "-w", "1")
	k := open(t)

	r, reports, stop := life(t, elsewhere, "")
	r.Set([]ipvsctl.Service{web, dns})
	if a := next[ipvsctl.Applied](t, reports); a.Adds != 5 {
		t.Errorf("applied %+v", a)
	}

	for _, c := range []struct {
		what string
		edit func()
		ops  int
		left []ipvsctl.Service
	}{
		{"a weight and a server", func() {
			ipvsadm(t, "-e", "-t", "192.0.2.1:80", "-r", "10.0.0.1:80", "-g", "-w", "7")
			ipvsadm(t, "-d", "-t", "192.0.2.1:80", "-r", "10.0.0.2:80")
		}, 2, []ipvsctl.Service{web, strange, dns}},
		{"ipvsadm -C", func() { ipvsadm(t, "-C") }, 5, []ipvsctl.Service{web, dns}},
	} {
		c.edit()
		start := time.Now()
		d := next[ipvsctl.Drift](t, reports)
		took := time.Since(start)
		t.Logf("%s: repaired after %.2f s", c.what, took.Seconds())
		if len(d.Ops) != c.ops {
			t.Errorf("%s: repaired by %v, want %d ops", c.what, d.Ops, c.ops)
		}
		if took > 6*time.Second {
			t.Errorf("%s: repaired after %s, want at most 5 s to notice and 1 s to repair", c.what, took)
		}
		if diff := cmp.Diff(c.left, read(t, k).Services, comparable); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
	stop()
}

func TestALaterLifeKnowsWhatWasOurs(t *testing.T) {
	elsewhere := namespace(t)
	record := filepath.Join(t.TempDir(), "services.json")
	k := open(t)
	apply(t, k, []ipvsctl.Service{strange})

	r, reports, stop := life(t, elsewhere, record)
	r.Set([]ipvsctl.Service{web, dns})
	next[ipvsctl.Applied](t, reports)
	stop()
	if diff := cmp.Diff([]ipvsctl.Service{web, strange, dns}, read(t, k).Services, comparable); diff != "" {
		t.Errorf("after the first life (-want +got):\n%s", diff)
	}

	r, reports, stop = life(t, elsewhere, record)
	r.Set([]ipvsctl.Service{web})
	if a := next[ipvsctl.Applied](t, reports); a.Adds != 0 || a.Deletes != 1 {
		t.Errorf("the second life applied %+v", a)
	}
	stop()

	deleted, err := ipvsctl.CleanUp(ipvsctl.Open, record, false)
	if err != nil || len(deleted) != 1 || deleted[0] != web.Key {
		t.Errorf("clean up: %v, %v", deleted, err)
	}
	if diff := cmp.Diff([]ipvsctl.Service{strange}, read(t, k).Services, comparable); diff != "" {
		t.Errorf("after all (-want +got):\n%s", diff)
	}
}
