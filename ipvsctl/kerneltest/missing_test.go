//go:build linux && !race

package kerneltest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hald-project/hald/integration/guest"
	"github.com/hald-project/hald/ipvsctl"
)

// TestAMissingModuleHoldsUpNothingElse: the kernel cannot load the scheduler of one
// service. That is told once, everything else is written, and as soon as the module is
// there the service is made. Only a guest may be kept from its modules.
func TestAMissingModuleHoldsUpNothingElse(t *testing.T) {
	if !guest.Simulated() {
		t.Skip("this is no guest")
	}
	elsewhere := namespace(t)
	const loader = "/proc/sys/kernel/modprobe"
	before, err := os.ReadFile(loader)
	if err != nil {
		t.Fatal(err)
	}
	load := func(program string) {
		t.Helper()
		if err := os.WriteFile(loader, []byte(program), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	k := open(t)
	apply(t, k, []ipvsctl.Service{web, dns}) // loads their schedulers
	apply(t, k, nil)
	load("/bin/false")
	t.Cleanup(func() { load(string(before)) })
	exec.Command("rmmod", "ip_vs_fo").Run() // where another test has used it

	odd := mail
	odd.Scheduler = "fo"
	r, reports, stop := life(t, elsewhere, "")
	defer stop()
	r.Set([]ipvsctl.Service{web, odd, dns})
	if a := next[ipvsctl.Applied](t, reports); a.Adds != 5 {
		t.Errorf("applied %+v", a)
	}
	if f := next[ipvsctl.Failed](t, reports); !strings.Contains(f.Error(), "modprobe ip_vs_fo") {
		t.Errorf("told %v", f)
	}
	if diff := cmp.Diff([]ipvsctl.Service{web, dns}, read(t, k).Services, comparable); diff != "" {
		t.Errorf("meanwhile (-want +got):\n%s", diff)
	}
	select {
	case again := <-reports:
		t.Errorf("told again: %+v", again)
	case <-time.After(time.Second): // some trials
	}
	load(string(before))
	if a := next[ipvsctl.Applied](t, reports); a.Adds != 2 {
		t.Errorf("with the module applied %+v", a)
	}
	next[ipvsctl.Recovered](t, reports)
	if diff := cmp.Diff([]ipvsctl.Service{odd, web, dns}, read(t, k).Services, comparable); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}

var mail = ipvsctl.Service{Key: key(ipvsctl.TCP, "192.0.2.1:25"), Destinations: []ipvsctl.Destination{
	server("10.0.0.4:25", ipvsctl.Masquerade, 1),
}}
