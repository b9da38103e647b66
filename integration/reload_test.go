package integration

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// reloading is a pair of directors on one file, which is changed while a client is
// served.
type reloading struct {
	*scene
	text, path string
}

func reloadable(t *testing.T) *reloading {
	t.Helper()
	l := lab.New(t)
	c := lab.Cluster{Interval: 500 * time.Millisecond, Services: lab.EachMethod, Check: patient}
	r := &reloading{text: configuration(t, l, c)}
	r.path = l.WriteFile("reload.hcl", r.text)
	r.scene = &scene{Lab: l, t: t, cluster: c, owners: l.WatchOwners(lab.VIP), wire: l.Capture(), began: time.Now()}
	r.lb1, r.lb2 = l.HaldWith("lb1", r.path), l.HaldWith("lb2", r.path)
	r.client = inOffice(l, r.lb1, r.lb2)
	return r
}

// with changes the file, in one place.
func (r *reloading) with(old, now string) {
	r.t.Helper()
	if strings.Count(r.text, old) == 0 {
		r.t.Fatalf("the file does not say %q", old)
	}
	text := strings.Replace(r.text, old, now, 1)
	if err := os.WriteFile(r.path, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// unbothered does something to lb1 that no client and no peer may notice.
func (r *reloading) unbothered(what string, act func()) {
	r.t.Helper()
	begin := time.Now()
	time.Sleep(2 * unhurried)
	act()
	r.lookOn()
	samples := r.client.Since(begin)
	if lost := samples.Lost(); lost > int(busy(samples)/unhurried) || !r.Holds("lb1", lab.VIP) || r.owners.Ownership().Since(begin).Transfers() > 0 {
		r.t.Errorf("%s: %d requests lost, lb1 holds the VIP: %v, %v", what, lost, r.Holds("lb1", lab.VIP), r.owners.Ownership().Since(begin))
	}
	for _, e := range r.lb1.Events() {
		if e.Name == "vrrp.transition" && e.Read.After(begin) {
			r.t.Errorf("%s: %s", what, e.Line)
		}
	}
}

// reload gives the order and wants an exit status.
func (r *reloading) reload(want int, says string, flags ...string) {
	r.t.Helper()
	if out, status := r.lb1.Command(append([]string{"reload"}, flags...)...); status != want || !strings.Contains(out, says) {
		r.t.Errorf("reload: exit status %d, want %d and %q:\n%s", status, want, says, out)
	}
}

// TestReload: what changes in place costs no request and no election, what would
// interrupt is refused, and a broken file leaves everything as it is (keepalived's
// users, rows 4 to 6: reload moves the address, kills the daemon, takes what is wrong).
func TestReload(t *testing.T) {
	t.Parallel()
	r := reloadable(t)
	r.unbothered("nothing", func() { r.reload(0, "nothing changes") })

	r.with("lb1 = 150", "lb1 = 140")
	r.unbothered("a priority", func() {
		if out, status := r.lb1.Command("plan"); status != 3 || !strings.Contains(out, "priority 150 -> 140") {
			t.Errorf("plan: exit status %d: %s", status, out)
		}
		r.reload(0, "priority 150 -> 140")
	})
	r.Eventually(settle, "the status has the priority", func() bool { // it is as old as a second
		return documentOf(t, r.lb1).Instances[0].EffectivePriority == 140
	})

	r.with("scheduler  = \"rr\"", "scheduler  = \"wlc\"")
	r.unbothered("a scheduler", func() { r.reload(0, "scheduler") })
	if table := r.IPVS("lb1"); !strings.Contains(table, "-s wlc") {
		t.Errorf("the kernel has\n%s", table)
	}

	for name, change := range map[string][2]string{
		"an unknown name": {"priority  ", "prioriti  "},
		"a wrong type":    {"virtual_router_id      = ", "virtual_router_id      = \"x\" #"},
		"cut in half":     {"virtual_server", "virtual_server \"half\" {"},
		"empty":           {r.text, ""},
	} {
		r.with(change[0], change[1])
		r.unbothered(name, func() { r.reload(1, "the old configuration goes on") })
		r.lb1.AwaitEvent(settle, name+" is rejected", func(e lab.Event) bool {
			return e.Name == "config.rejected" && strings.Contains(e.Error, r.path)
		})
	}

	r.with("virtual_router_id      = ", "virtual_router_id      = 1")
	r.unbothered("another virtual router", func() { r.reload(1, "--allow-interruption") })
}
