package netif

import (
	"fmt"
	"hash/fnv"
	"net"
	"strings"
)

// VirtualLink describes the link that stands for one virtual router on another
// link: it has the router's own MAC and holds its addresses, so that hosts
// never learn another (RFC 9568, 7.3).
type VirtualLink struct {
	Parent Link  // the link that the frames go over
	VRID   uint8 // 1–255
	IPv6   bool  // the advertisements are of IPv6, which has a MAC of its own
	Hold6  bool  // it is to hold IPv6 addresses too
	Last   Link  // as it was seen last; zero: never. Whoever deleted it has deleted its mark with it
}

// MAC is 00-00-5E-00-01-VRID for IPv4, 00-00-5E-00-02-VRID for IPv6.
func (v VirtualLink) MAC() net.HardwareAddr {
	family := byte(1)
	if v.IPv6 {
		family = 2
	}
	return net.HardwareAddr{0, 0, 0x5e, 0, family, v.VRID}
}

// longestName is IFNAMSIZ of linux/if.h without the end of the string.
const longestName = 15

// Name is the link's: vr4-51-eth0. It says family, VRID and parent, for one VRID
// may be in use on several links, and has no dot, which sysctl(8) takes for
// a separator. Of a parent whose name would make it too long it has 28 bits of
// the name's FNV-1a hash instead.
func (v VirtualLink) Name() string {
	family := 4
	if v.IPv6 {
		family = 6
	}
	if name := fmt.Sprintf("vr%d-%d-%s", family, v.VRID, v.Parent.Name); len(name) <= longestName {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(v.Parent.Name))
	return fmt.Sprintf("vr%d-%d-%07x", family, v.VRID, h.Sum32()>>4)
}

// mark is the alias of a virtual link (IFLA_IFALIAS): it says that the link is
// ours, and keeps what its parent's settings were before there was a first one,
// so that whoever removes the last can put them back, after a crash too.
type mark struct {
	ignore   uint32 // arp_ignore of the parent
	announce uint32 // arp_announce of the parent
}

const markPrefix = "hald virtual MAC"

func (m mark) String() string {
	return fmt.Sprintf("%s, parent had arp_ignore=%d arp_announce=%d", markPrefix, m.ignore, m.announce)
}

// parseMark reads an alias; false when it is not one of ours. An alias that
// begins as ours and goes on otherwise is ours, and has nothing to put back.
func parseMark(alias string) (m mark, ok bool) {
	if !strings.HasPrefix(alias, markPrefix) {
		return mark{}, false
	}
	m = wantedOfParent
	if _, err := fmt.Sscanf(strings.TrimPrefix(alias, markPrefix), ", parent had arp_ignore=%d arp_announce=%d", &m.ignore, &m.announce); err != nil {
		return wantedOfParent, true
	}
	return m, true
}

// wantedOfParent are the least settings under which a parent keeps quiet about
// the addresses of its virtual links (ip-sysctl): it answers for its own only,
// and its requests never come from theirs.
var wantedOfParent = mark{ignore: 1, announce: 2}

// ForeignLinkError says that the name of a virtual link is taken by a link that
// hald did not make. It was left untouched.
type ForeignLinkError struct{ Name string }

func (e *ForeignLinkError) Error() string {
	return fmt.Sprintf("link %s is there already and was not made by hald", e.Name)
}
