package integration

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/hald-project/hald/integration/lab"
)

// dialect is a way of speaking VRRP that both daemons know.
type dialect struct {
	name       string
	interval   string // hald's
	seconds    string // keepalived's
	address    string
	hald       string // attributes of the instance
	keepalived string // of the instance
	version    int
}

// dialects are what keepalived 2.2.7 and hald have in common. (It cannot be told
// to leave out the pseudo-header of version 3, and over IPv6 it sends unicast with
// a hop limit of 64, which hald does not believe: RFC 9568, 5.1.2.3.)
var dialects = []dialect{
	{"version 2", "1s", "1", "192.0.2.130/24", "version = 2", "", 2},
	{"version 2 with a password", "1s", "1", "192.0.2.131/24",
		"version = 2\n  authentication {\n    type = \"simple\"\n    key = \"sesam\"\n  }",
		"authentication {\n auth_type PASS\n auth_pass sesam\n}", 2},
	{"version 3", "200ms", "0.2", "192.0.2.132/24", "", "", 3},
	{"version 3, unicast", "200ms", "0.2", "192.0.2.135/24", "unicast = true",
		"unicast_src_ip 192.0.2.12\nunicast_peer {\n 192.0.2.11\n}", 3},
	{"version 2, unicast", "1s", "1", "192.0.2.136/24", "version = 2\n  unicast = true",
		"unicast_src_ip 192.0.2.12\nunicast_peer {\n 192.0.2.11\n}", 2},
	{"version 2, unicast, with a password", "1s", "1", "192.0.2.137/24",
		"version = 2\n  unicast = true\n  authentication {\n    type = \"simple\"\n    key = \"sesam\"\n  }",
		"unicast_src_ip 192.0.2.12\nunicast_peer {\n 192.0.2.11\n}\nauthentication {\n auth_type PASS\n auth_pass sesam\n}", 2},
	{"version 3 over IPv6", "200ms", "0.2", "fe80::130/64", "", "", 3},
}

func (d dialect) haldConfig(priority int) string {
	return fmt.Sprintf(`cluster "lab" {
  director "lb1" {
    address = "192.0.2.11"
  }
  director "lb2" {
    address = "192.0.2.12"
  }
}
vrrp_instance "lab" {
  interface              = "eth0"
  virtual_router_id      = 77
  priority               = %d
  advertisement_interval = %q
  virtual_addresses      = [%q]
  %s
}
`, priority, d.interval, d.address, d.hald)
}

func (d dialect) keepalivedConfig(priority int) string {
	return fmt.Sprintf(`global_defs {
    router_id lb2
    vrrp_version %d
}
vrrp_instance lab {
    state BACKUP
    interface eth0
    virtual_router_id 77
    priority %d
    advert_int %s
    %s
    virtual_ipaddress {
        %s
    }
}
`, d.version, priority, d.seconds, d.keepalived, d.address)
}

// TestInteropMatrix lets each of the two be the better one, in every dialect: it
// takes office, its stop gives the other one the address, and its return takes
// it back. Each time the client is answered.
func TestInteropMatrix(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			for _, better := range lab.Directors {
				d.play(t, l, better)
			}
		})
	}
}

// play has one director be the better one.
func (d dialect) play(t *testing.T, l *lab.Lab, better string) {
	t.Helper()
	priority := map[string]int{"lb1": 100, "lb2": 100}
	priority[better] = 150
	hald := l.HaldWith("lb1", l.WriteFile(fmt.Sprintf("matrix-%s.hcl", better), d.haldConfig(priority["lb1"])))
	peer := l.KeepalivedWith("lb2", d.keepalivedConfig(priority["lb2"]))
	daemons := map[string]lab.Director{"lb1": hald, "lb2": peer}
	other := map[string]string{"lb1": "lb2", "lb2": "lb1"}[better]
	held := func(by string) {
		t.Helper()
		what := fmt.Sprintf("%s, %s of higher priority: only %s holds %s", d.name, daemons[better].Daemon(), daemons[by].Daemon(), d.address)
		l.Eventually(settle, what, func() bool {
			for _, name := range lab.Directors {
				if l.Holds(name, netip.MustParsePrefix(d.address)) != (name == by) {
					return false
				}
			}
			return true
		})
		for _, name := range lab.Directors {
			state := "backup"
			if name == by {
				state = "master"
			}
			if daemons[name].Running() {
				l.Eventually(settle, what+": "+name+" says that it is "+state, func() bool { return saysItIs(daemons[name]) == state })
			}
		}
		answered(l, d.address)
	}
	hald.Start()
	peer.Start()
	held(better)
	daemons[better].Stop()
	held(other)
	daemons[better].Start()
	held(better)
	for _, e := range hald.Events() {
		if e.Name == "vrrp.foreign" || e.Name == "vrrp.mismatch" {
			t.Errorf("%s: hald reports %s", d.name, e.Line)
		}
	}
	hald.Stop()
	peer.Stop()
}

// entering is what keepalived says of a change of state.
var entering = regexp.MustCompile(`\(lab\) Entering (\w+) STATE`)

// saysItIs is the state of the instance in the daemon's own words: hald's status, or
// the last that keepalived said in its log.
func saysItIs(d lab.Director) (state string) {
	if h, ours := d.(*lab.Hald); ours {
		var now document
		out, status := h.Command("status", "-o", "json")
		if status != 0 || json.Unmarshal([]byte(out), &now) != nil || len(now.Instances) != 1 {
			return out
		}
		return now.Instances[0].State
	}
	for _, line := range d.Process().Lines() {
		if said := entering.FindStringSubmatch(line); said != nil {
			state = strings.ToLower(said[1])
		}
	}
	return state
}

// answered waits until an address answers the client.
func answered(l *lab.Lab, prefix string) {
	address, _, _ := strings.Cut(prefix, "/")
	if strings.HasPrefix(address, "fe80") {
		address += "%" + lab.Interface
	}
	l.Eventually(settle, address+" answers the client", func() bool {
		return strings.Contains(l.Run("client", "sh", "-c", "ping -c1 -W1 "+address+" || true"), " 0% packet loss")
	})
}
