package main

import (
	"strings"
	"testing"

	"github.com/hald-project/hald/doctor"
)

// Every finding has a line, in columns; what cures it is below it; colours are for
// terminals alone, and change no column.
func TestFindingTable(t *testing.T) {
	findings := []doctor.Finding{
		{Check: "ip_vs", Level: doctor.OK, Text: "IPVS is in the kernel"},
		{Check: "forwarding", Subject: "net.ipv4.ip_forward", Level: doctor.Fail, Text: "off", Cure: "sysctl -w net.ipv4.ip_forward=1"},
		{Check: "clock", Level: doctor.Warn, Text: "not synchronised", Cure: "timedatectl set-ntp true"},
	}
	want := `ok    ip_vs                            IPVS is in the kernel
fail  forwarding  net.ipv4.ip_forward  off
      cure: sysctl -w net.ipv4.ip_forward=1
warn  clock                            not synchronised
      cure: timedatectl set-ntp true
Not ready: 1 problem.
`
	if got := findingTable(findings, false); got != want {
		t.Errorf("shown as\n%s\nwant\n%s", got, want)
	}
	coloured := findingTable(findings, true)
	if !strings.Contains(coloured, "\x1b[31mfail\x1b[0m  forwarding") {
		t.Errorf("no colour: %q", coloured)
	}
	if bare := strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[0m", "").Replace(coloured); bare != want {
		t.Errorf("the colours changed the columns:\n%s", bare)
	}
	if got := findingTable(findings[:1], false); !strings.HasSuffix(got, "\nReady.\n") {
		t.Errorf("shown as\n%s", got)
	}
}
