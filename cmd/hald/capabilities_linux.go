package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// needed are the capabilities without which a director can do nothing, and
// what for.
var needed = []struct {
	bit  int
	name string
	use  string
}{
	{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN", "addresses and IPVS"},
	{unix.CAP_NET_RAW, "CAP_NET_RAW", "VRRP and gratuitous ARP"},
}

// capable says which capabilities this process is missing.
func capable() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fmt.Errorf("read own capabilities: %w", err)
	}
	effective, err := effectiveCapabilities(string(status))
	if err != nil {
		return fmt.Errorf("read own capabilities: %w", err)
	}
	return missing(effective)
}

// effectiveCapabilities finds the set in the text of proc_pid_status(5).
func effectiveCapabilities(status string) (uint64, error) {
	for line := range strings.Lines(status) {
		if digits, ok := strings.CutPrefix(line, "CapEff:"); ok {
			return strconv.ParseUint(strings.TrimSpace(digits), 16, 64)
		}
	}
	return 0, errors.New("no line CapEff")
}

// missing is an error that names what is not in the set.
func missing(effective uint64) error {
	var lacks []string
	for _, c := range needed {
		if effective&(1<<c.bit) == 0 {
			lacks = append(lacks, fmt.Sprintf("%s (%s)", c.name, c.use))
		}
	}
	if lacks == nil {
		return nil
	}
	return fmt.Errorf("missing %s: run as root, or grant them (systemd: AmbientCapabilities=)", strings.Join(lacks, " and "))
}
