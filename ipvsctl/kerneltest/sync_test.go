//go:build linux && !race

package kerneltest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/hald-project/hald/ipvsctl"
)

func command(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
}

func do(t *testing.T, k ipvsctl.Kernel, op ipvsctl.Op) error {
	t.Helper()
	failed, err := k.Apply([]ipvsctl.Op{op})
	if err != nil {
		t.Fatal(err)
	}
	if len(failed) > 0 {
		return failed[0]
	}
	return nil
}

// TestSynchronisation: each role comes back as it was started, the tool sees the
// same, and one whose interface went away is known to be of no use.
func TestSynchronisation(t *testing.T) {
	namespace(t)
	k := open(t)
	link := func() {
		command(t, "ip link add sync0 type veth peer name sync1")
		command(t, "ip addr add 198.51.100.1/24 dev sync0")
		command(t, "ip link set sync0 up")
	}
	link()
	for _, role := range []ipvsctl.Role{ipvsctl.Sender, ipvsctl.Receiver} {
		want := ipvsctl.Daemon{Role: role, Interface: "sync0", ID: 52}
		if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.StartSync, Sync: want}); err != nil {
			t.Fatal(err)
		}
		if got := read(t, k).Sync; !slices.Equal(got, []ipvsctl.Daemon{want}) {
			t.Errorf("read back %v, want %v", got, want)
		}
		word := map[ipvsctl.Role]string{ipvsctl.Sender: "master", ipvsctl.Receiver: "backup"}[role]
		if out := ipvsadm(t, "-L", "--daemon"); !strings.Contains(out, word+" sync daemon (mcast=sync0, syncid=52") {
			t.Errorf("ipvsadm: %s", out)
		}
		if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.StopSync, Sync: want}); err != nil {
			t.Fatal(err)
		}
	}

	listening := ipvsctl.Daemon{Role: ipvsctl.Receiver, Interface: "sync0", ID: 52}
	if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.StartSync, Sync: listening}); err != nil {
		t.Fatal(err)
	}
	command(t, "ip link del sync0")
	if got := read(t, k).Sync; len(got) != 1 || !got[0].Stale {
		t.Errorf("without its interface: %+v", got)
	}
	link()
	if got := read(t, k).Sync; len(got) != 1 || !got[0].Stale {
		t.Errorf("with another interface of that name: %+v", got)
	}
	for _, kind := range []ipvsctl.Kind{ipvsctl.StopSync, ipvsctl.StartSync} {
		if err := do(t, k, ipvsctl.Op{Kind: kind, Sync: listening}); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, k).Sync; !slices.Equal(got, []ipvsctl.Daemon{listening}) {
		t.Errorf("started again: %+v", got)
	}
	none := ipvsctl.Daemon{Role: ipvsctl.Sender, Interface: "sync9", ID: 52}
	if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.StartSync, Sync: none}); err == nil || !strings.Contains(err.Error(), "there is no interface sync9") {
		t.Errorf("on no interface: %v", err)
	}
	if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.StopSync, Sync: listening}); err != nil {
		t.Fatal(err)
	}
}

// TestSysctls: what is written is read, in the form it was written in.
func TestSysctls(t *testing.T) {
	namespace(t)
	k := open(t)
	for _, want := range []ipvsctl.Sysctl{
		{Name: "expire_nodest_conn", Value: "1"}, {Name: "expire_quiescent_template", Value: "1"},
		{Name: "sync_refresh_period", Value: "10"}, {Name: "sync_threshold", Value: "3 0"},
	} {
		before, known := read(t, k).Sysctls[want.Name]
		if !known || before == want.Value {
			t.Errorf("%s is %q before", want.Name, before)
		}
		if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.SetSysctl, Sysctl: want}); err != nil {
			t.Error(err)
		}
		if got := read(t, k).Sysctls[want.Name]; got != want.Value {
			t.Errorf("%s is %q, want %q", want.Name, got, want.Value)
		}
	}
	if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.SetSysctl, Sysctl: ipvsctl.Sysctl{Name: "no_such", Value: "1"}}); err == nil {
		t.Error("a setting that is not there was written")
	}
}

// TestMixedFamilies: a server of another family than its service is reached through a tunnel
// only, and not beside a synchronisation daemon, whichever came first: the rules of the
// configuration are the kernel's.
func TestMixedFamilies(t *testing.T) {
	namespace(t)
	command(t, "ip link add sync0 type veth peer name sync1")
	command(t, "ip addr add 198.51.100.1/24 dev sync0")
	command(t, "ip link set sync0 up")
	k := open(t)
	six := ipvsctl.Service{Key: key(ipvsctl.TCP, "[2001:db8::1]:80"), Scheduler: "rr"}
	four := ipvsctl.Service{Key: key(ipvsctl.TCP, "192.0.2.1:80"), Scheduler: "rr"}
	apply(t, k, []ipvsctl.Service{four, six})
	sync := ipvsctl.Daemon{Role: ipvsctl.Sender, Interface: "sync0", ID: 52}
	for _, mix := range []struct {
		service ipvsctl.Key
		address string
	}{{six.Key, "192.0.2.21:80"}, {four.Key, "[2001:db8::21]:80"}} {
		add := func(method ipvsctl.Method) error {
			return do(t, k, ipvsctl.Op{Kind: ipvsctl.AddDestination, Service: ipvsctl.Service{Key: mix.service}, Destination: server(mix.address, method, 1)})
		}
		for _, method := range []ipvsctl.Method{ipvsctl.Masquerade, ipvsctl.DirectRoute} {
			if err := add(method); err == nil || !strings.Contains(err.Error(), "another family than the service's without a tunnel") {
				t.Errorf("%s behind %s by %v: %v", mix.address, mix.service, method, err)
			}
		}
		if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.StartSync, Sync: sync}); err != nil {
			t.Fatal(err)
		}
		if err := add(ipvsctl.Tunnel); err == nil || !strings.Contains(err.Error(), "beside a synchronisation daemon") {
			t.Errorf("%s behind %s beside a synchronisation daemon: %v", mix.address, mix.service, err)
		}
		if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.StopSync, Sync: sync}); err != nil {
			t.Fatal(err)
		}
		if err := add(ipvsctl.Tunnel); err != nil {
			t.Errorf("%s behind %s through a tunnel: %v", mix.address, mix.service, err)
		}
		if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.StartSync, Sync: sync}); err == nil {
			t.Errorf("synchronisation was started beside %s behind %s", mix.address, mix.service)
		}
		if err := do(t, k, ipvsctl.Op{Kind: ipvsctl.DeleteDestination, Service: ipvsctl.Service{Key: mix.service}, Destination: server(mix.address, ipvsctl.Tunnel, 1)}); err != nil {
			t.Fatal(err)
		}
	}
}
