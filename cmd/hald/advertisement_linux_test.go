package main

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"
)

// TestUnsolicitedAdvertisements: what a takeover tells the neighbours of an IPv6
// address, as they hear it (RFC 4861, 4.4 and 7.2.6; RFC 9568, 6.4.2): it overrides
// what they know, answers nobody, and calls itself a router where it is one.
func TestUnsolicitedAdvertisements(t *testing.T) {
	t.Parallel()
	const (
		router, solicited, override = 0x80, 0x40, 0x20
		global                      = "2001:db8:99::100"
	)
	for _, tt := range []struct {
		name, forwarding string
		flags            byte
	}{
		{"router", "1", router | override},
		{"host", "0", override},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, strings.Replace(validConfig, `"10.99.0.100/24"`, `"fe80::100/64", "`+global+`/64"`, 1))
			if out, err := exec.Command("ip", "netns", "exec", s.name, "sysctl", "-qw", "net.ipv6.conf.eth0.forwarding="+tt.forwarding).CombinedOutput(); err != nil {
				t.Fatalf("sysctl: %v: %s", err, out)
			}
			w := s.wire()
			s.run(s.logFile())
			for _, address := range []string{"fe80::100", global} {
				want := netip.MustParseAddr(address).As16()
				w.hears("an advertisement of "+address, func(frame []byte) bool {
					const header = 14
					if len(frame) < header+40+24+8 || frame[12] != 0x86 || frame[13] != 0xdd || frame[header+6] != 58 || frame[header+40] != 136 {
						return false // no neighbour advertisement
					}
					ip, message := frame[header:], frame[header+40:]
					if [16]byte(message[8:24]) != want {
						return false
					}
					if got := message[4]; got != tt.flags {
						t.Errorf("%s: flags %#x, want %#x (solicited is %#x)", address, got, tt.flags, solicited)
					}
					allNodes := netip.MustParseAddr("ff02::1").As16()
					source := netip.AddrFrom16([16]byte(ip[8:24]))
					if [16]byte(ip[24:40]) != allNodes || ip[7] != 255 || source.IsUnspecified() || source.IsMulticast() {
						t.Errorf("%s: from %v to %v with hop limit %d", address, source, netip.AddrFrom16([16]byte(ip[24:40])), ip[7])
					}
					if message[24] != 2 || message[25] != 1 || string(message[26:32]) != string(frame[6:12]) {
						t.Errorf("%s: its option is % x, its frame comes from % x", address, message[24:32], frame[6:12])
					}
					return true
				})
			}
		})
	}
}
