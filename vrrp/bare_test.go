package vrrp

import (
	"net/netip"
	"testing"
	"time"
)

// A virtual router without addresses says so, and understands others without;
// one with addresses discards them (RFC 9568, 7.1).
func TestBare(t *testing.T) {
	for _, v := range []struct {
		format   Format
		src, dst string
	}{
		{Format{Version: 2}, "192.0.2.11", "224.0.0.18"},
		{Format{Version: 2, Password: "sesam"}, "192.0.2.11", "224.0.0.18"},
		{Format{Version: 3}, "192.0.2.11", "224.0.0.18"},
		{Format{Version: 3}, "fe80::11", "ff02::12"},
	} {
		src, dst := netip.MustParseAddr(v.src), netip.MustParseAddr(v.dst)
		sent := Advertisement{VRID: 51, Priority: 100, Interval: time.Second}
		if _, err := v.format.Append(nil, sent, src, dst); err == nil {
			t.Errorf("version %d over %v: no addresses, yet sent", v.format.Version, src)
		}
		bare := v.format
		bare.Bare = true
		b, err := bare.Append(nil, sent, src, dst)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := bare.Parse(b, src, dst); err != nil || len(got.Addresses) > 0 || got.Priority != 100 {
			t.Errorf("version %d over %v: %+v, %v", v.format.Version, src, got, err)
		}
		if _, _, err := v.format.Parse(b, src, dst); err != BadCount {
			t.Errorf("version %d over %v, with addresses of its own: %v", v.format.Version, src, err)
		}
	}
}
