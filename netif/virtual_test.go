package netif

import (
	"testing"
)

func TestVirtualName(t *testing.T) {
	for _, c := range []struct {
		parent string
		vrid   uint8
		ipv6   bool
		name   string
		mac    string
	}{
		{"eth0", 51, false, "vr4-51-eth0", "00:00:5e:00:01:33"},
		{"eth0", 51, true, "vr6-51-eth0", "00:00:5e:00:02:33"},
		{"enp3s0f1", 7, false, "vr4-7-enp3s0f1", "00:00:5e:00:01:07"},
		{"bond0.1", 255, false, "vr4-255-bond0.1", "00:00:5e:00:01:ff"},
		{"enp129s0", 255, false, "vr4-255-9a9f647", "00:00:5e:00:01:ff"},
		{"enp130s0", 255, false, "vr4-255-d163b30", "00:00:5e:00:01:ff"},
	} {
		v := VirtualLink{Parent: Link{Name: c.parent}, VRID: c.vrid, IPv6: c.ipv6}
		if v.Name() != c.name || len(v.Name()) > longestName || v.MAC().String() != c.mac {
			t.Errorf("%s, %d: %s %s, want %s %s", c.parent, c.vrid, v.Name(), v.MAC(), c.name, c.mac)
		}
	}
}

func TestMark(t *testing.T) {
	for _, c := range []struct {
		alias string
		mark  mark
		ours  bool
	}{
		{mark{0, 1}.String(), mark{0, 1}, true},
		{"hald virtual MAC, as of another version", wantedOfParent, true},
		{"to the provider", mark{}, false},
		{"", mark{}, false},
	} {
		if m, ok := parseMark(c.alias); m != c.mark || ok != c.ours {
			t.Errorf("%q: %+v %v, want %+v %v", c.alias, m, ok, c.mark, c.ours)
		}
	}
}
