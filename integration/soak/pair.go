//go:build linux

package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// interval is that of the adverts, and patience how long anything may take that
// is to happen.
const (
	interval = time.Second
	patience = 30 * time.Second
)

// directors are the two routers; lb1 runs hald, lb2 keepalived.
var directors = []string{"lb1", "lb2"}

var daemons = map[string]string{"lb1": "hald", "lb2": "keepalived"}

// own is a director's address.
var own = map[string]string{"lb1": "192.0.2.11", "lb2": "192.0.2.12"}

// dialect is a way of speaking VRRP that both know.
type dialect struct {
	name       string
	address    string
	hald       string // attributes of the instance
	keepalived string
	version    int
}

var dialects = []dialect{
	{"version 2", "192.0.2.130/24", "version = 2", "", 2},
	{"version 3", "192.0.2.130/24", "", "", 3},
	{"version 3, unicast", "192.0.2.130/24", "unicast = true", "unicast_src_ip 192.0.2.12\n unicast_peer {\n  192.0.2.11\n }", 3},
	{"version 3 over IPv6", "fe80::130/64", "", "", 3},
}

// pair is one of each, in a dialect; one is the better.
type pair struct {
	dialect
	id            string
	better, other string
}

func allPairs() (pairs []pair) {
	for i, d := range dialects {
		pairs = append(pairs,
			pair{d, fmt.Sprintf("%da", i), "lb1", "lb2"},
			pair{d, fmt.Sprintf("%db", i), "lb2", "lb1"})
	}
	return pairs
}

func (p pair) String() string { return fmt.Sprintf("%s, %s the better", p.name, daemons[p.better]) }

func (p pair) priority(director string) int {
	if director == p.better {
		return 150
	}
	return 100
}

// command writes a director's configuration into its folder and returns how it
// is started.
func (p pair) command(director, folder, hald string) (text string, command []string) {
	file := filepath.Join(folder, "config")
	if daemons[director] == "hald" {
		return fmt.Sprintf(`cluster "soak" {
  director "lb1" {
    address = %q
  }
  director "lb2" {
    address = %q
  }
}
vrrp_instance "soak" {
  interface              = "eth0"
  virtual_router_id      = 77
  priority               = %d
  advertisement_interval = %q
  virtual_addresses      = [%q]
  %s
}
`, own["lb1"], own["lb2"], p.priority(director), interval, p.address, p.hald),
			[]string{hald, "run", "--config", file, "--director", director, "--runtime-dir", filepath.Join(folder, "run"), "--state-dir", filepath.Join(folder, "state")}
	}
	return fmt.Sprintf("global_defs {\n router_id %s\n vrrp_version %d\n}\nvrrp_instance soak {\n state BACKUP\n interface eth0\n virtual_router_id 77\n priority %d\n advert_int %g\n %s\n virtual_ipaddress {\n  %s\n }\n}\n",
			director, p.version, p.priority(director), interval.Seconds(), p.keepalived, p.address),
		[]string{"keepalived", "--dont-fork", "--no-syslog", "--log-console", "--vrrp", "--use-file", file,
			"--pid", file + ".pid", "--vrrp_pid", file + ".vrrp.pid", "--checkers_pid", file + ".checkers.pid"}
}
