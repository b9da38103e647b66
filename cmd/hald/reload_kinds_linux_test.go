package main

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
)

// reloading is one change of the configuration and what a reload says of it.
type reloading struct {
	was, is   string
	says      string // a line of the plan
	interrupt bool   // it is refused unless it is allowed
}

// reloads makes the changes, one after the other, and wants of each that `hald plan` says
// what the reload then does.
func (s *site) reloads(steps []reloading) {
	s.t.Helper()
	for _, r := range steps {
		before, _ := os.ReadFile(s.config)
		s.rewrite(r.was, r.is)
		if after, _ := os.ReadFile(s.config); string(after) == string(before) {
			s.t.Fatalf("the configuration does not say %q", r.was)
		}
		planned, code := s.order("plan")
		if code != codeChanges || !slices.Contains(strings.Split(planned, "\n"), r.says) || strings.Contains(planned, "interrupts service:") != r.interrupt {
			s.t.Errorf("plan: exit code %d, want %q, interrupting %t:\n%s", code, r.says, r.interrupt, planned)
		}
		out, code := s.order("reload")
		if r.interrupt {
			if code != codeFailed || !strings.Contains(out, "--allow-interruption lets it") {
				s.t.Errorf("%q is not refused: exit code %d\n%s", r.says, code, out)
			}
			out, code = s.order("reload", "--allow-interruption")
		}
		if code != 0 || !strings.Contains(out, planned) {
			s.t.Errorf("reload: exit code %d, want the plan\n%s, got\n%s", code, planned, out)
		}
	}
}

func (s *site) stateOf(instance string) election.Status {
	for _, in := range s.status().VRRPInstances {
		if in.Name == instance {
			return in
		}
	}
	return election.Status{}
}

// TestReloadOfEveryKind: objects of every kind but those of the balancer are added, changed
// and removed, while the client of an instance that none of it concerns is answered all the
// time, its election goes on, and no process begins anew (keepalived's users, rows 4 and 5).
func TestReloadOfEveryKind(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	s.ip("link", "add", "eth1", "type", "veth", "peer", "name", "peer1")
	s.ip("link", "set", "eth1", "up")
	s.ip("link", "set", "peer1", "up")
	s.ip("addr", "add", "192.0.2.11/24", "dev", "eth1")
	far := s.neighbour()
	d := s.run(s.logFile())
	s.until("master", s.isMaster)
	began, workers := s.status().VRRPInstances[0].Since, d.workers()
	c := far.client("10.99.0.100")
	reloaded := time.Now()
	masters := func(names ...string) { // since the last time
		t.Helper()
		for _, name := range names {
			s.until(name+" is master", func() bool { in := s.stateOf(name); return in.State == "master" && in.Since.After(reloaded) })
		}
		reloaded = time.Now()
	}
	instance := func(name, vrid string) string {
		return "vrrp_instance \"" + name + "\" {\n  interface = \"eth1\"\n  virtual_router_id = " + vrid +
			"\n  priority = { lb1 = 150, lb2 = 100 }\n  advertisement_interval = \"100ms\"\n  virtual_addresses = [\"192.0.2.1" + vrid + "/24\"]\n}\n"
	}
	end := "\n# end\n"
	s.rewrite("", "# begin\n")
	file, _ := os.ReadFile(s.config)
	os.WriteFile(s.config, append(file, end...), 0o600)

	s.reloads([]reloading{
		{"# end", instance("mail", "52") + "# end", "+ vrrp_instance mail (192.0.2.152/24 on eth1)", false},
		{"# end", instance("news", "53") + "# end", "+ vrrp_instance news (192.0.2.153/24 on eth1)", false},
	})
	masters("mail", "news")
	s.reloads([]reloading{
		{"virtual_router_id = 52", "virtual_router_id = 54", "~ vrrp_instance mail: virtual_router_id 52 -> 54 (begins anew)", true},
	})
	masters("mail")
	s.reloads([]reloading{
		{"# end", "vrrp_sync_group \"pair\" { members = [\"mail\", \"news\"] }\n# end", "+ vrrp_sync_group pair", true},
	})
	masters("mail", "news")
	s.reloads([]reloading{
		{`members = ["mail", "news"]`, `members = ["news", "mail"]`, `~ vrrp_sync_group pair: members ["mail", "news"] -> ["news", "mail"] (begins anew)`, true},
	})
	masters("mail", "news")
	s.reloads([]reloading{
		{`vrrp_sync_group "pair" { members = ["news", "mail"] }`, "", "- vrrp_sync_group pair", true},
	})
	masters("mail", "news")
	s.reloads([]reloading{
		{instance("news", "53"), "", "- vrrp_instance news (192.0.2.153/24 on eth1)", true},
		{"  virtual_addresses ", "  track \"file\" \"manual\" {\n    path = \"/nowhere/offset\"\n  }\n  virtual_addresses ", "+ track web/file:manual", false},
		{"/nowhere/offset", "/nowhere/else", `~ track web/file:manual: path "/nowhere/offset" -> "/nowhere/else"`, false},
		{"  track \"file\" \"manual\" {\n    path = \"/nowhere/else\"\n  }\n", "", "- track web/file:manual", false},
		{"lb1 = 150", "lb1 = 140", "~ vrrp_instance web: priority 150 -> 140", false},
		{"# begin", "# begin\nlog {\n  level = \"debug\"\n}", `~ log: level "info" -> "debug"`, false},
		{"# begin\nlog {\n  level = \"debug\"\n}", "# begin", `~ log: level "debug" -> "info"`, false},
		{"# end", "notify \"note\" {\n  events = [\"vrrp.*\"]\n  exec {\n    command = [\"/bin/true\"]\n  }\n}\n# end", "+ notify note", false},
		{`"vrrp.*"`, `"config.*"`, `~ notify note: events ["vrrp.*"] -> ["config.*"]`, false},
		{"notify \"note\" {\n  events = [\"config.*\"]\n  exec {\n    command = [\"/bin/true\"]\n  }\n}\n", "", "- notify note", false},
	})
	// What waits for the next start says so, and goes on to say it.
	s.reloads([]reloading{
		{"# begin", "admin {\n  socket_mode = \"0600\"\n}\n# begin", "~ admin: socket_mode 0660 -> 0600 (when the daemon is started again)", false},
	})
	if out, code := s.order("plan"); code != codeChanges || !strings.Contains(out, "started again") {
		t.Errorf("plan: exit code %d\n%s", code, out)
	}

	c.unbothered()
	if in := s.stateOf("web"); in.State != "master" || !in.Since.Equal(began) || in.EffectivePriority != 140 {
		t.Errorf("%+v", in)
	}
	if !slices.Equal(d.workers(), workers) {
		t.Errorf("workers %v, were %v", d.workers(), workers)
	}
	if table := s.ip("-o", "addr", "show", "dev", "eth1"); strings.Contains(table, "192.0.2.153") || !strings.Contains(table, "192.0.2.152") {
		t.Errorf("eth1 has\n%s", table)
	}
	d.stop()
}

// TestReloadOfServices: the same of what the balancer does. A server that none of it
// concerns keeps its verdict, for how long it has had it, and the order that an operator
// gave; who was up is not down for a moment (the lab has the client: TestReload).
func TestReloadOfServices(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig+`
virtual_server "web" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  scheduler  = "rr"
  forwarding = "nat"
  drain      = "0s"
  check "exec" {
    command  = ["/bin/true"]
    interval = "500ms"
    timeout  = "500ms"
  }
  real_server "one" { address = "10.99.0.11" }
  real_server "two" { address = "10.99.0.12" }
}
# end
`)
	d := s.run(s.logFile(), "--dry-run")
	first := func() (r balancer.ServerStatus) {
		for _, v := range s.status().VirtualServers {
			if v.Name == "web" {
				r = v.RealServers[0]
			}
		}
		return r
	}
	s.until("one is known", func() bool { return first().State == "up" && s.isMaster() })
	before := first()
	const service = "virtual_server \"dns\" {\n  addresses = [\"10.99.0.100:53\"]\n  protocol = \"udp\"\n  forwarding = \"nat\"\n  check \"none\" {}\n  real_server \"a\" { address = \"10.99.0.13\" }\n}\n"
	s.reloads([]reloading{
		{"# end", service + "# end", "+ virtual_server dns (10.99.0.100:53 to a)", false},
		{`scheduler  = "rr"`, `scheduler  = "wlc"`, `~ virtual_server web: scheduler "rr" -> "wlc"`, false},
		{service, "", "- virtual_server dns (10.99.0.100:53 to a)", true},
		{`real_server "two" {`, "real_server \"three\" { address = \"10.99.0.13\" }\n  real_server \"two\" {", "+ real_server web/three", false},
		{`real_server "three" { address = "10.99.0.13" }`, "real_server \"three\" {\n    address = \"10.99.0.13\"\n    weight = 5\n  }", "~ real_server web/three: weight 1 -> 5", false},
		{"real_server \"three\" {\n    address = \"10.99.0.13\"\n    weight = 5\n  }\n  ", "", "- real_server web/three", false},
		{"# end", "ipvs {\n  timeouts {\n    tcp = \"20m\"\n  }\n}\n# end", "~ ipvs: timeouts tcp 0s -> 20m0s", false},
		{"20m", "30m", "~ ipvs: timeouts tcp 20m0s -> 30m0s", false},
		{"ipvs {\n  timeouts {\n    tcp = \"30m\"\n  }\n}\n", "", "~ ipvs: timeouts tcp 30m0s -> 0s", false},
	})
	if after := first(); after.State != before.State || !after.Since.Equal(before.Since) {
		t.Errorf("%+v, was %+v", after, before)
	}
	s.reloads([]reloading{
		{`interval = "500ms"`, `interval = "600ms"`, "~ check web/one/exec: interval 500ms -> 600ms, fast_interval 500ms -> 600ms", false},
		{"real_server \"two\" { address = \"10.99.0.12\" }\n", "real_server \"two\" {\n    address = \"10.99.0.12\"\n    check \"none\" {}\n  }\n", "- check web/two/exec", false},
	})
	if after := first(); after.State != before.State {
		t.Errorf("%+v, was %+v", after, before)
	}
	d.stop()
}

// TestReloadOfWhatIsWrong: what cannot be is refused with file, line and column, by exit
// code and event, on the socket and by SIGHUP, and the daemon does not notice
// (keepalived's users, row 6).
func TestReloadOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t, validConfig)
	d := s.run(s.logFile())
	s.until("master", s.isMaster)
	before := s.status()
	s.rewrite("virtual_router_id ", "virtual_ruter_id ")
	if out, code := s.order("reload"); code != codeFailed || !strings.Contains(out, s.config+":8") || !strings.Contains(out, "the old configuration goes on") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	d.signal(syscall.SIGHUP)
	rejected := func() int { return len(s.logged("config.rejected")) }
	s.until("the signal is answered too", func() bool { return rejected() == 2 })
	after := s.status()
	if after.Config.Hash != before.Config.Hash || !after.VRRPInstances[0].Since.Equal(before.VRRPInstances[0].Since) {
		t.Errorf("%+v, was %+v", after.Config, before.Config)
	}
	s.rewrite("virtual_ruter_id ", "virtual_router_id ")
	s.rewrite("lb1 = 150", "lb1 = 140")
	d.signal(syscall.SIGHUP)
	s.until("what is right again is applied", func() bool { return s.status().VRRPInstances[0].EffectivePriority == 140 })
	d.stop()
}
