package integration

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/lab"
)

const namedServers = `
cluster "lab" {
  director "lb1" {}
}
virtual_server "named" {
  addresses  = ["192.0.2.100:81"]
  protocol   = "tcp"
  forwarding = "dr"
  check "tcp" {
    interval = "500ms"
    timeout  = "400ms"
  }
  real_server "web" { dns = "web.lab" }
}
virtual_server "listed" {
  addresses  = ["192.0.2.100:83"]
  protocol   = "tcp"
  forwarding = "tun"
  check "none" {}
  real_server "web" { file = "FOLDER/servers.json" }
}
`

// TestNames: the kernel's table follows a name and a file, keeps what was found last
// when there is no answer, and has it after a reboot.
func TestNames(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	web1, web3 := lab.RealServers[0].Address, lab.RealServers[2].Address
	names := l.NameServer("client")
	list := filepath.Join(l.Folder(), "servers.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(list+".new", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(list+".new", list); err != nil {
			t.Fatal(err)
		}
	}
	table := func(port int, what string, want map[string]int) {
		t.Helper()
		l.Eventually(settle, what, func() bool { return maps.Equal(l.Behind("lb1", port), want) })
	}
	lb1 := l.HaldWith("lb1", l.WriteFile("names.hcl", strings.ReplaceAll(namedServers, "FOLDER", l.Folder()))).Asking(lab.Client)

	names.Say(web1)
	lb1.Start()
	table(lab.PortDR, "the one address of the name is served", map[string]int{"web1": 1})
	names.Say(web1, web3)
	table(lab.PortDR, "both are", map[string]int{"web1": 1, "web3": 1})
	if out, status := lb1.Command("weight", "named", "web/192.0.2.23", "7"); status != 0 {
		t.Errorf("weight: exit status %d: %s", status, out)
	}
	table(lab.PortDR, "an operator weighs one of them", map[string]int{"web1": 1, "web3": 7})
	names.Fail()
	lb1.AwaitEvent(settle, "the failure is told", func(e lab.Event) bool {
		return e.Name == "discovery.failed" && e.Reason == "dns web.lab"
	})

	write(`[{"address": "192.0.2.23", "weight": 5}]`)
	table(lab.PortTUN, "the server of the list is served", map[string]int{"web3": 5})
	write(`[{"address": "192.0.2.23", "weight": 5},`)
	lb1.AwaitEvent(settle, "the damaged list is told", func(e lab.Event) bool { return e.Name == "discovery.failed" && e.Reason == "file "+list })

	// As after a reboot: the table is empty, and nobody answers.
	lb1.Stop()
	l.Run("lb1", "ipvsadm", "-C")
	lb1.Start()
	table(lab.PortDR, "what the name had last is served", map[string]int{"web1": 1, "web3": 7})
	table(lab.PortTUN, "what the list had last is served", map[string]int{"web3": 5})
	names.Say(web3)
	table(lab.PortDR, "the next answer counts", map[string]int{"web3": 7})
}
