package integration

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// typed are the command lines of a part of the tutorial, with where they are to be typed:
// what the sentence before the block of code says.
type typed struct {
	nodes []string
	lines []string
}

// nodesOf are the machines that a sentence of the tutorial names.
var nodesOf = map[string][]string{
	"Each director finds itself by its host name (`lb1`, `lb2`), or by `--director`. Try it before anything runs:": {"lb1"},
	"On `rip1` and `rip2`:": {"rip1", "rip2"},
	"On `lb1` and `lb2`:":   {"lb1", "lb2"},
	"`lb1` is master after 3.4 s, three intervals and a bit: it has waited for another one. From a client:": {"client"},
	"Edit the file, on both directors, then:": {"lb1", "lb2"},
}

var shellBlock = regexp.MustCompile("(?s)\\n([^\\n]+)\\n\\n```sh\\n(.*?)```")

// tutorialParts are the blocks of commands of the tutorial, in order, and the rows of its
// table of what to break.
func tutorialParts(t *testing.T) (parts []typed, rows []string) {
	t.Helper()
	text, err := os.ReadFile("../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		nodes, ok := nodesOf[block[1]]
		if !ok {
			t.Fatalf("where is that to be typed? %q", block[1])
		}
		part := typed{nodes: nodes}
		for line := range strings.Lines(block[2]) {
			line, _, _ = strings.Cut(line, "#")
			part.lines = append(part.lines, strings.TrimSpace(line))
		}
		parts = append(parts, part)
	}
	_, table, _ := strings.Cut(string(text), "\n| do | and see | within |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.Lines(table + "\n") {
		rows = append(rows, strings.TrimSpace(row))
	}
	return parts, rows
}

// tutorial is the tutorial's cluster: rip1 and rip2 are the lab's web1 and web2, and each machine
// has the tutorial's addresses and interfaces. Instead of a host name and /etc/hald each has the
// variables of the environment.
type tutorial struct {
	*lab.Lab
	t         *testing.T
	directors map[string]*lab.Hald
}

var tutorialVIP = netip.MustParsePrefix("192.168.2.118/32")

func newTutorial(t *testing.T) *tutorial {
	tu := &tutorial{Lab: lab.New(t), t: t, directors: map[string]*lab.Hald{}}
	example, err := os.ReadFile("../examples/tutorial.hcl")
	if err != nil {
		t.Fatal(err)
	}
	tu.Run("web1", "ip", "address", "flush", "dev", "lo", "scope", "global")
	tu.Run("web1", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0", "net.ipv4.conf.all.arp_announce=0")
	tu.Run("lb2", "sh", "-c", "ip link set eth0 down && ip link set eth0 name eth3 && ip link set eth3 up")
	for node, address := range map[string]string{"client": "eth0 5", "lb1": "eth0 11", "lb2": "eth3 12", "web1": "eth0 119", "web2": "eth0 35"} {
		device, last, _ := strings.Cut(address, " ")
		tu.Run(node, "ip", "address", "flush", "dev", device)
		tu.Run(node, "ip", "address", "add", "192.168.2."+last+"/24", "dev", device)
	}
	tu.Run("client", "ip", "address", "add", "192.168.2.6/24", "dev", "eth0")
	for _, name := range lab.Directors {
		tu.directors[name] = tu.HaldWith(name, tu.WriteFile(name+".hcl", string(example)))
	}
	tu.WriteFile("rip.hcl", string(example))
	return tu
}

// enter types a command on a machine and returns what it says and its exit status.
func (tu *tutorial) enter(node, line string) (output string, status int) {
	tu.t.Helper()
	environment := []string{"PATH=" + filepath.Dir(lab.HaldBinary()) + ":" + os.Getenv("PATH")}
	if h := tu.directors[node]; h != nil {
		if strings.HasPrefix(line, "systemctl ") { // the unit's own test is the package's
			return tu.systemctl(h, line), 0
		}
		environment = append(environment, h.Environment()...)
	} else {
		folder := filepath.Join(os.TempDir(), filepath.Base(tu.Folder()), node)
		environment = append(environment, "HALD_CONFIG="+filepath.Join(tu.Folder(), "rip.hcl"), "HALD_RUNTIME_DIR="+folder)
	}
	node = map[string]string{"rip1": "web1", "rip2": "web2"}[node] + map[bool]string{true: node}[!strings.HasPrefix(node, "rip")]
	command := slices.Concat([]string{"env"}, environment, []string{"sh", "-c", `timeout 30 sh -c "$0"; echo "exit status $?"`, line})
	out := tu.Run(node, command...)
	at := strings.LastIndex(out, "exit status ")
	fmt.Sscanf(out[at:], "exit status %d", &status)
	tu.t.Logf("%s# %s\n%s", node, line, out)
	return out[:at], status
}

// systemctl has the effect of the command on the daemon of a director.
func (tu *tutorial) systemctl(h *lab.Hald, line string) string {
	tu.t.Helper()
	switch line {
	case "systemctl enable --now hald":
		h.Start()
		tu.Eventually(settle, h.Name()+" is ready", func() bool { _, status := h.Command("status"); return status == 0 })
	case "systemctl stop hald":
		if status := h.Stop(); status != 0 {
			tu.t.Errorf("hald on %s ended with %d", h.Name(), status)
		}
	default:
		tu.t.Fatalf("what is the effect of %q?", line)
	}
	return ""
}

// sees waits until the output of a command on a director is as described.
func (tu *tutorial) sees(within time.Duration, node, line, what string) {
	tu.t.Helper()
	pattern := regexp.MustCompile(what)
	tu.Eventually(within, fmt.Sprintf("%q on %s says %q", line, node, what), func() bool {
		out, status := tu.enter(node, line)
		return status == 0 && pattern.MatchString(out)
	})
}

// holder waits until a director alone has the address.
func (tu *tutorial) holder(within time.Duration, name string) {
	tu.t.Helper()
	tu.Eventually(within, name+" alone has the address", func() bool {
		return !slices.ContainsFunc(lab.Directors, func(d string) bool { return tu.Holds(d, tutorialVIP) != (d == name) })
	})
}

// expected is what each command of the tutorial says, and its exit status.
var expected = map[string]struct {
	status int
	says   string
}{
	"hald check --all":            {0, "valid for lb1 .*\n.*valid for lb2 "},
	"hald simulate kill":          {0, "backup > master"},
	"hald realserver up":          {0, ""},
	"hald realserver status":      {0, "192.168.2.118"},
	"hald doctor":                 {0, "\nReady"},
	"systemctl enable --now hald": {0, ""},
	"hald status":                 {0, "tutorial .* 192.168.2.118/32 "},
	"curl http://192.168.2.118/":  {0, "(?m)^web[12]$"},
	"hald plan":                   {3, "~ real_server web/rip2: weight 1 -> 2\n0 to add, 1 to change"},
	"hald reload":                 {0, "0 to add, 1 to change"},
}

// TestTutorial types the commands of docs/tutorial.md in their order, each on the machines that it
// is for, and breaks what its table says: the text is what is run.
func TestTutorial(t *testing.T) {
	t.Parallel()
	tu := newTutorial(t)
	parts, rows := tutorialParts(t)
	if len(parts) != len(nodesOf) || len(rows) != len(tutorialFaults) {
		t.Fatalf("the tutorial has %d blocks of commands, %d known, and %d rows of faults, %d known", len(parts), len(nodesOf), len(rows), len(tutorialFaults))
	}
	for _, part := range parts {
		last := part.lines[len(part.lines)-1]
		switch {
		case last == "hald reload":
			for _, row := range rows {
				fault, ok := tutorialFaults[row]
				if !ok {
					t.Fatalf("what is to be done, and seen? %s", row)
				}
				fault(tu)
			}
			tu.edit("weight  = 1\n  }\n}", "weight  = 2\n  }\n}")
		case part.nodes[0] == "client":
			tu.holder(settle, "lb1")
			tu.sees(settle, "lb1", "hald status", "rip1 .*\\bup\\b(?s:.*)rip2 .*\\bup\\b")
		}
		for _, node := range part.nodes {
			for _, line := range part.lines {
				want, ok := expected[line]
				if !ok {
					t.Fatalf("what does %q say?", line)
				}
				out, status := tu.enter(node, line)
				if status != want.status || !regexp.MustCompile(want.says).MatchString(out) {
					t.Errorf("%s on %s: exit status %d, want %d and %q:\n%s", line, node, status, want.status, want.says, out)
				}
			}
		}
		if part.nodes[0] == "client" { // ask from two addresses to see both
			first, _ := tu.enter("client", "curl -s http://192.168.2.118/")
			second, _ := tu.enter("client", "curl -s --interface 192.168.2.6 http://192.168.2.118/")
			if again, _ := tu.enter("client", "curl -s http://192.168.2.118/"); first == second || again != first {
				t.Errorf("asked from two addresses, %q and %q answered, and then %q", first, second, again)
			}
		}
	}
	for _, name := range lab.Directors {
		if table := tu.IPVS(name); !strings.Contains(table, "192.168.2.35:80 -g -w 2") {
			t.Errorf("the reload did not come to the table of %s:\n%s", name, table)
		}
	}
	tu.edit("wlc", "wlcc") // a file with a mistake changes nothing
	if out, status := tu.enter("lb1", "hald reload"); status != 1 || !strings.Contains(out, "the old configuration goes on") {
		t.Errorf("a file with a mistake: exit status %d: %s", status, out)
	}
	tu.holder(settle, "lb2")
}

// edit changes the file on both directors.
func (tu *tutorial) edit(old, new string) {
	tu.t.Helper()
	for _, name := range lab.Directors {
		path := filepath.Join(tu.Folder(), name+".hcl")
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), old) {
			tu.t.Fatalf("%s has no %q: %v", path, old, err)
		}
		tu.WriteFile(name+".hcl", strings.Replace(string(text), old, new, 1))
	}
}
