package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/vishvananda/netlink"
)

// node is the namespace of that name: client, bridge, a director or a real
// server.
func (l *Lab) node(name string) *namespace {
	l.t.Helper()
	switch {
	case name == "client":
		return l.client
	case name == "bridge":
		return l.bridge
	case l.directors[name] != nil:
		return l.directors[name]
	case l.servers[name] != nil:
		return l.servers[name].node
	}
	l.t.Fatalf("the lab has no node %q", name)
	return nil
}

func (l *Lab) director(name string) *namespace {
	l.t.Helper()
	if l.directors[name] == nil {
		l.t.Fatalf("the lab has no director %q", name)
	}
	return l.directors[name]
}

// Run runs a command on a node and returns its output; it must succeed.
func (l *Lab) Run(node string, command ...string) string {
	l.t.Helper()
	out, err := l.node(node).output(command[0], command[1:]...)
	if err != nil {
		l.t.Fatalf("%v", err)
	}
	return string(out)
}

// IPVS is a director's table as ipvsadm shows it, in the form ipvsadm restores.
func (l *Lab) IPVS(director string) string {
	l.t.Helper()
	return l.Run(director, "ipvsadm", "-S", "-n")
}

// Holds tells whether a director has the address now, on whatever interface.
func (l *Lab) Holds(director string, address netip.Prefix) bool {
	l.t.Helper()
	held, err := l.held(director)
	if err != nil {
		l.t.Fatalf("%v", err)
	}
	return held[address]
}

// held are the addresses of a director.
func (l *Lab) held(director string) (map[netip.Prefix]bool, error) {
	held := map[netip.Prefix]bool{}
	err := l.director(director).do(func() error {
		addresses, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
		for errors.Is(err, netlink.ErrDumpInterrupted) { // one came or went meanwhile
			addresses, err = netlink.AddrList(nil, netlink.FAMILY_ALL)
		}
		if err != nil {
			return fmt.Errorf("read the addresses of %s: %w", director, err)
		}
		for _, a := range addresses {
			held[prefixOf(a.IPNet)] = true
		}
		return nil
	})
	return held, err
}

// WriteFile writes a file into the lab's folder and returns its path.
func (l *Lab) WriteFile(name, text string) string {
	l.t.Helper()
	path := filepath.Join(l.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		l.t.Fatalf("write %s: %v", name, err)
	}
	return path
}

// exitStatus is the status of a command that ran, whatever it was.
func (l *Lab) exitStatus(err error) int {
	l.t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	l.t.Fatalf("%v", err)
	return 0
}
