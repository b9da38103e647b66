package integration

import (
	"regexp"
	"strings"
	"time"
)

// tutorialFaults is what each row of the tutorial's table makes happen; what is lost by others
// who use the machine is added to its bound.
var tutorialFaults = map[string]func(tu *tutorial){
	"| stop the web server of `rip1` | `hald status`: `down`, weight 0, the error; clients go to `rip2` | `fall` × `interval`, 6 s |": func(tu *tutorial) {
		tu.Server("web1").Stop()
		tu.sees(6*time.Second+time.Second+machineStall, "lb1", "hald status", "rip1 .*down .* 0 of 1 .*refused")
		for _, from := range []string{"192.168.2.5", "192.168.2.6"} {
			if out, _ := tu.enter("client", "curl -s --interface "+from+" http://192.168.2.118/"); out != "web2\n" {
				tu.t.Errorf("%q answers to %s, and not rip2", out, from)
			}
		}
	},
	"| start it | `up` after two good checks | `rise` × `interval`, 4 s |": func(tu *tutorial) {
		tu.Server("web1").Restart()
		tu.sees(4*time.Second+time.Second+machineStall, "lb1", "hald status", "rip1 .*\\bup\\b")
	},
	"| `systemctl stop hald` on the master | the other has the address before it leaves this one; no request is lost | at once |": func(tu *tutorial) {
		client, owners := tu.RequestsTo(unhurried, tutorialVIP.Addr(), 80), tu.WatchOwners(tutorialVIP)
		served(tu.Lab, client)
		begun := time.Now()
		tu.enter("lb1", "systemctl stop hald")
		tu.holder(0, "lb2")
		if none := owners.Ownership().Since(begun).None(time.Now()); none > 0 {
			tu.t.Errorf("nobody had the address for %v: %v", none, owners.Ownership())
		}
		undisturbed(tu.t, client.Stop())
		tu.enter("lb1", "systemctl enable --now hald")
		tu.holder(settle, "lb1")
	},
	"| pull the master's cable, or kill all of hald there | the backup has the address | 3.6 s; with `advertisement_interval = \"100ms\"` 0.4 s |": func(tu *tutorial) {
		owners := tu.WatchOwners(tutorialVIP)
		tu.CutLink("lb1")
		tu.Eventually(3600*time.Millisecond+machineStall, "lb2 has the address", func() bool { return tu.Holds("lb2", tutorialVIP) })
		tu.RestoreLink("lb1")
		tu.holder(settle, "lb1")
		tu.directors["lb1"].Kill()
		tu.Eventually(3600*time.Millisecond+machineStall, "lb2 has the address", func() bool { return tu.Holds("lb2", tutorialVIP) })
		tu.enter("lb1", "systemctl enable --now hald")
		tu.holder(settle, "lb1")
		tu.t.Logf("owners: %v", owners.Ownership())
	},
	"| `hald handover` on the master | planned work: the peer is master, and stays it | at once |": func(tu *tutorial) {
		if out, status := tu.enter("lb1", "hald handover"); status != 0 || !strings.Contains(out, "192.168.2.12 is master") {
			tu.t.Errorf("hald handover: exit status %d: %s", status, out)
		}
		tu.holder(0, "lb2")
	},
	"| `hald drain web rip1` | no new connections, those that are there end in peace | |": func(tu *tutorial) {
		if out, status := tu.enter("lb2", "hald drain web rip1"); status != 0 {
			tu.t.Errorf("hald drain: exit status %d: %s", status, out)
		}
		if table := tu.IPVS("lb2"); !regexp.MustCompile(`192.168.2.119:80 -g -w 0`).MatchString(table) && strings.Contains(table, "192.168.2.119") {
			tu.t.Errorf("rip1 is in the table, with a weight:\n%s", table)
		}
		tu.sees(settle, "lb2", "timeout 1 hald events --follow || true", "real server (is draining|.*drain)")
	},
}
