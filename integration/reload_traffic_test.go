package integration

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// amended is one change of the file of a master that serves, and how the kernel shows
// that it is in force.
type amended struct {
	name    string
	was, is string // in the file, which is empty where is is all of it
	says    string // a reload
	allow   bool   // it would be refused else
	hangUp  bool   // by SIGHUP, not by command
	witness string // a command on the director; empty: ipvsadm -Sn
	shows   string // its output does; with "!" before it does not
}

// busyService is what is changed. A client asks on connections of their own, another has
// connections that stay.
var busyService = []lab.Service{lab.Mixed}

const (
	httpCheck = `  check "http" {
    path     = "/healthz"
    interval = "2s"
    timeout  = "2s"
    fall     = 3
    rise     = 1
  }
`
	thirdServer = `  real_server "web3" {
    address = "192.0.2.23"
    forwarding = "tun"
  }
`
	besideService = `virtual_server "beside" {
  addresses  = ["192.0.2.100:81"]
  protocol   = "tcp"
  forwarding = "dr"
  check "tcp" {}
  real_server "web1" {
    address = "192.0.2.21"
  }
}
`
	syncBlock = `ipvs {
  connection_sync {
    vrrp_instance = "lab"
    interface     = "eth1"
  }
}
`
	daemons  = "ipvsadm -L -n --daemon"
	timeouts = "ipvsadm -L -n --timeout"
)

var trafficSteps = []amended{
	{name: "scheduler", was: `scheduler  = "rr"`, is: `scheduler  = "wlc"`, says: `scheduler "rr" -> "wlc"`, shows: ":80 -s wlc\n"},
	{name: "persistence", was: `  protocol   = "tcp"`, is: "  persistence = \"2m\"\n  protocol   = \"tcp\"", says: "persistence 0s -> 2m0s", shows: "-s wlc -p 120\n"},
	{name: "no persistence", was: "  persistence = \"2m\"\n", says: "persistence 2m0s -> 0s", shows: "!-p 120"},
	{name: "a weight", was: `address = "192.0.2.21"`, is: "weight = 5\n    address = \"192.0.2.21\"", says: "real_server mixed/web1: weight 1 -> 5", shows: "192.0.2.21:80 -g -w 5\n"},
	{name: "the scheduler again", was: `scheduler  = "wlc"`, is: `scheduler  = "wrr"`, says: `"wlc" -> "wrr"`, shows: ":80 -s wrr\n", hangUp: true},
	{name: "a check's interval", was: `interval = "2s"`, is: `interval = "3s"`, says: "interval 2s -> 3s", shows: "-w 5\n"},
	{name: "a check's path", was: `path     = "/healthz"`, is: `path     = "/"`, says: `path "/healthz" -> "/"`, shows: "-w 5\n"},
	{name: "a check's kind", was: strings.NewReplacer("/healthz", "/", `"2s"
    timeout`, `"3s"
    timeout`).Replace(httpCheck), is: "  check \"tcp\" {\n    interval = \"1s\"\n  }\n", says: "+ check mixed/web1/tcp", shows: "-w 5\n"},
	{name: "a second check", was: "  check \"tcp\"", is: httpCheck + "  check \"tcp\"", says: "+ check mixed/web1/http", shows: "-w 5\n"},
	{name: "no first check", was: "  check \"tcp\" {\n    interval = \"1s\"\n  }\n", says: "- check mixed/web1/tcp", shows: "-w 5\n"},
	{name: "a quorum", was: httpCheck, is: "  quorum = 2\n" + httpCheck, says: "quorum 1 -> 2", shows: "-w 5\n"},
	{name: "a sorry server", was: httpCheck, is: "  sorry_server {\n    address = \"192.0.2.24\"\n  }\n" + httpCheck, says: "+ sorry_server mixed/", shows: "!192.0.2.24"},
	{name: "no sorry server", was: "  sorry_server {\n    address = \"192.0.2.24\"\n  }\n", says: "- sorry_server mixed/", shows: "!192.0.2.24"},
	{name: "timeouts", was: "# end", is: "ipvs {\n  timeouts {\n    tcp = \"20m\"\n  }\n}\n# end", says: "timeouts tcp 0s -> 20m0s", witness: timeouts, shows: "1200 "},
	{name: "other timeouts", was: `"20m"`, is: `"25m"`, says: "timeouts tcp 20m0s -> 25m0s", witness: timeouts, shows: "1500 "},
	{name: "no timeouts", was: "ipvs {\n  timeouts {\n    tcp = \"25m\"\n  }\n}\n", says: "timeouts tcp 25m0s -> 0s", witness: timeouts, shows: "1500 "},
	{name: "connection sync", was: "# end", is: syncBlock + "# end", says: "+ connection_sync\n", witness: daemons, shows: "mcast=eth1, syncid=51"},
	{name: "connection sync's id", was: `interface     = "eth1"`, is: "id = 52\n    interface     = \"eth1\"", says: "~ connection_sync: id 51 -> 52\n", witness: daemons, shows: "syncid=52"},
	{name: "no connection sync", was: strings.Replace(syncBlock, "interface ", "id = 52\n    interface ", 1), says: "- connection_sync\n", witness: daemons, shows: "!mcast"},
	{name: "a service beside", was: "# end", is: besideService + "# end", says: "+ virtual_server beside", shows: "-A -t 192.0.2.100:81 -s wlc\n"},
	{name: "no service beside", was: besideService, says: "- virtual_server beside", allow: true, shows: "!192.0.2.100:81"},
	{name: "a server goes", was: thirdServer, says: "- real_server mixed/web3", shows: "192.0.2.23:80 -i -w 0 "},
	{name: "another weight meanwhile", was: "weight = 5\n    ", says: "weight 5 -> 1", shows: "192.0.2.21:80 -g -w 1\n"},
	{name: "the server comes back", was: "# last\n", is: thirdServer + "# last\n", says: "+ real_server mixed/web3", shows: "192.0.2.23:80 -i -w 1 "},
	{name: "the server goes at once", was: thirdServer, is: strings.Replace(thirdServer, "{\n", "{\n    disabled = true\n", 1), says: "disabled false -> true", shows: "!192.0.2.23:80 -i -w 1", hangUp: true},
}

// TestReloadUnderTraffic: of a master that serves, everything that its balancer does is
// changed, one thing after the other, by command and by SIGHUP. No request is lost, who
// has a connection keeps it, with a server that goes too, nobody else is master, and the
// kernel has what the file says (keepalived's users, rows 4 and 5).
func TestReloadUnderTraffic(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	l.SecondLink()
	for _, name := range lab.Directors {
		addressOnSecond(l, name)
	}
	text := configuration(t, l, lab.Cluster{Interval: 500 * time.Millisecond, Services: busyService, Check: patient}) + "\n# end\n"
	text = strings.Replace(text, thirdServer+"}", thirdServer+"# last\n}", 1)
	both, path := l.WriteFile("both.hcl", text), l.WriteFile("lb1.hcl", text)
	lb1, lb2 := l.HaldWith("lb1", path), l.HaldWith("lb2", both)
	lb1.Start()
	lb2.Start()
	l.AwaitMaster("lb1", settle)
	for _, name := range lab.Directors {
		l.Eventually(settle, name+" has its servers", func() bool { return len(l.Behind(name, lab.PortMixed)) == 3 })
	}
	client, standing, owners := l.Requests(lab.PortMixed), l.Stand(lab.PortMixed, 12), l.WatchOwners(lab.VIP)
	served(l, client)

	begun, began := time.Now(), make([]time.Time, len(trafficSteps))
	for i, step := range trafficSteps {
		began[i] = time.Now()
		if !strings.Contains(text, step.was) {
			t.Fatalf("%s: the file does not say %q:\n%s", step.name, step.was, text)
		}
		text = strings.Replace(text, step.was, step.is, 1)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if step.hangUp {
			lb1.HangUp()
			lb1.AwaitEvent(settle, step.name, func(e lab.Event) bool { return e.Name == "config.applied" && e.Read.After(began[i]) })
		} else {
			command := []string{"reload"}
			if step.allow {
				command = append(command, "--allow-interruption")
			}
			if out, status := lb1.Command(command...); status != 0 || !strings.Contains(out, step.says) {
				t.Errorf("%s: exit status %d, want 0 and %q:\n%s", step.name, status, step.says, out)
			}
		}
		shown := ""
		shows := func() bool {
			if shown = l.IPVS("lb1"); step.witness != "" {
				shown = l.Run("lb1", strings.Fields(step.witness)...)
			}
			not, is := strings.CutPrefix(step.shows, "!")
			return strings.Contains(shown, not) != is
		}
		for since := time.Now(); !shows(); {
			if time.Since(since) > settle {
				t.Fatalf("%s: the kernel has\n%s\nwant %q", step.name, shown, step.shows)
			}
		}
		if fates := standing.Ask(outlasts); fates.Answered != 12 {
			t.Fatalf("%s: of 12 standing connections %v", step.name, fates)
		}
	}
	time.Sleep(lab.RequestTimeout)
	samples := client.Stop().Since(begun)
	for i := range trafficSteps {
		during := samples.Since(began[i])
		if i+1 < len(trafficSteps) {
			during = during[:len(during)-len(samples.Since(began[i+1]))]
		}
		if lost := during.Lost(); lost > 0 {
			t.Errorf("%s: %d of %d requests lost", trafficSteps[i].name, lost, len(during))
		}
	}
	t.Logf("%d requests in %v, %d failed, of these %d when the machine was not busy", len(samples), time.Since(begun).Round(time.Second), samples.Failed(), samples.Lost())
	if history := owners.Ownership().Since(begun); history.Transfers() > 0 || len(transitions(lb1)) != 2 {
		t.Errorf("lb1 was not master all the while: %v, %v", history, transitions(lb1))
	}
	for _, e := range lb1.Events() {
		if e.Read.After(begun) && (e.Name == "ipvs.error" || e.Name == "real_server.down" || e.Name == "quorum.lost" || e.Name == "worker.exited") {
			t.Errorf("%s", e.Line)
		}
	}
}
