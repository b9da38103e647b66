package ipvsctl_test

import (
	"testing"

	"github.com/hald-project/hald/ipvsctl"
)

func TestKeyText(t *testing.T) {
	for _, text := range []string{"tcp 192.0.2.1:80", "udp [2001:db8::1]:53", "sctp 192.0.2.1:0", "fwmark 7", "fwmark6 4294967295"} {
		var k ipvsctl.Key
		if err := k.UnmarshalText([]byte(text)); err != nil || k.String() != text {
			t.Errorf("%q reads as %q, %v", text, k, err)
		}
	}
	for _, text := range []string{"", "tcp", "tcp 192.0.2.1", "icmp 192.0.2.1:80", "fwmark 0", "fwmark x", "fwmark 4294967296"} {
		var k ipvsctl.Key
		if err := k.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q reads as %q", text, k)
		}
	}
}
