package integration

import (
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/lab"
)

// TestNoAddresses: two daemons without addresses, one of them keepalived, agree on
// a master. keepalived 2.2.7 runs without addresses in version 2 only.
func TestNoAddresses(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	d := dialect{interval: "1s", seconds: "1", version: 2, hald: "version = 2", address: "192.0.2.130/24"}
	without := strings.NewReplacer(`"`+d.address+`"`, "", "virtual_ipaddress {\n        "+d.address+"\n    }", "")
	hald := l.HaldWith("lb1", l.WriteFile("bare.hcl", without.Replace(d.haldConfig(150))))
	peer := l.KeepalivedWith("lb2", without.Replace(d.keepalivedConfig(100)))
	becomes := func(state string) {
		t.Helper()
		hald.AwaitEvent(settle, "hald is "+state, func(e lab.Event) bool { return e.Name == "vrrp.transition" && e.To == state })
	}
	said := func(times int, what string) {
		t.Helper()
		l.Eventually(settle, "keepalived says "+what, func() bool {
			return strings.Count(strings.Join(peer.Process().Lines(), "\n"), what) >= times
		})
	}
	hald.Start()
	becomes("master")
	peer.Start()
	said(1, "Entering BACKUP STATE")
	hald.Stop()
	said(1, "Entering MASTER STATE")
	hald.Start()
	becomes("master")
	said(2, "Entering BACKUP STATE")
	for _, e := range hald.Events() {
		if e.Name == "vrrp.foreign" || e.Name == "vrrp.mismatch" || e.Name == "vrrp.split" {
			t.Errorf("hald reports %s", e.Line)
		}
	}
}
