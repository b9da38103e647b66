//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"time"
)

// directors are the two routers; the first is of higher priority.
var directors = []string{"lb1", "lb2"}

// daemon is a way to be a director.
type daemon interface {
	name() string
	// config is the text of a director's configuration.
	config(director string, instances int, interval time.Duration) string
	// command starts a director from the file of its configuration.
	command(director, file string) []string
}

// own is a director's address on a cable, virtual that of a virtual router.
func own(director string, cable int) string {
	return fmt.Sprintf("192.0.%d.%s", 2+cable, map[string]string{"lb1": "11", "lb2": "12"}[director])
}

// rightful is the address of the director that has the right to be master.
func rightful(cable int) netip.Addr { return netip.MustParseAddr(own(directors[0], cable)) }

func virtual(vrid int) string { return fmt.Sprintf("198.51.100.%d", vrid) }

func priority(director string) int { return map[string]int{"lb1": 150, "lb2": 100}[director] }

type haldDaemon struct{ binary string }

func (haldDaemon) name() string { return "hald" }

func (haldDaemon) config(_ string, instances int, interval time.Duration) string {
	var b strings.Builder
	b.WriteString("cluster \"rhythm\" {\n  director \"lb1\" {}\n  director \"lb2\" {}\n}\n")
	for vrid := 1; vrid <= instances; vrid++ {
		fmt.Fprintf(&b, `vrrp_instance "v%d" {
  interface              = "eth0"
  virtual_router_id      = %d
  priority               = { lb1 = %d, lb2 = %d }
  advertisement_interval = %q
  virtual_addresses      = ["%s/32"]
}
`, vrid, vrid, priority("lb1"), priority("lb2"), interval, virtual(vrid))
	}
	return b.String()
}

func (d haldDaemon) command(director, file string) []string {
	return []string{d.binary, "run", "--config", file, "--director", director, "--runtime-dir", filepath.Dir(file)}
}

// keepalivedDaemon runs as it comes, or with a real-time priority.
type keepalivedDaemon struct{ realTime bool }

func (d keepalivedDaemon) name() string {
	if d.realTime {
		return "keepalived, real-time"
	}
	return "keepalived"
}

func (d keepalivedDaemon) config(director string, instances int, interval time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "global_defs {\n router_id %s\n vrrp_version 3\n", director)
	if d.realTime {
		b.WriteString(" vrrp_rt_priority 50\n")
	}
	b.WriteString("}\n")
	for vrid := 1; vrid <= instances; vrid++ {
		fmt.Fprintf(&b, "vrrp_instance v%d {\n interface eth0\n state BACKUP\n virtual_router_id %d\n priority %d\n advert_int %g\n virtual_ipaddress {\n  %s/32\n }\n}\n",
			vrid, vrid, priority(director), interval.Seconds(), virtual(vrid))
	}
	return b.String()
}

func (keepalivedDaemon) command(director, file string) []string {
	pid := func(suffix string) string { return file + suffix }
	return []string{"keepalived", "--dont-fork", "--no-syslog", "--log-console", "--vrrp", "--use-file", file,
		"--pid", pid(".pid"), "--vrrp_pid", pid(".vrrp.pid"), "--checkers_pid", pid(".checkers.pid")}
}
