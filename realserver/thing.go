package realserver

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Kind tells what a thing is, and thereby how it is made and taken back.
type Kind string

// The kinds, in the order in which things are made: the machine is silent about an
// address before it has it.
const (
	Setting Kind = "setting" // below net, with the value as sysctl shows it
	Port    Kind = "port"    // of UDP, where wrapped packets are taken
	Device  Kind = "device"  // a tunnel
	Address Kind = "address" // ADDRESS/LENGTH dev LINK, with its whole length
)

// Thing is something that the machine shall have.
type Thing struct {
	Kind   Kind   `json:"kind"`
	Name   string `json:"name"`
	Value  string `json:"value"`
	accept []string
	For    []string `json:"services"` // virtual servers that need it
}

func (t Thing) key() string { return string(t.Kind) + " " + t.Name }

// fits tells whether a value is as good as the wanted one.
func (t Thing) fits(value string) bool {
	return value == t.Value || slices.Contains(t.accept, value)
}

const (
	arpIgnore   = "net.ipv4.conf.all.arp_ignore"
	arpAnnounce = "net.ipv4.conf.all.arp_announce"
	held        = "held" // of an address that is there
)

// silent are the settings of ARP: no answer for an address that the asked link does not
// have, and no question in the name of one. The kernel takes the greater of
// these and of each link's own. Of arp_ignore 2 is stricter, and 8 never answers.
var silent = []Thing{
	{Kind: Setting, Name: arpIgnore, Value: "1", accept: []string{"2", "8"}},
	{Kind: Setting, Name: arpAnnounce, Value: "2"},
}

// Want is all that the named services need, in the order in which it is made; no
// names are all services.
func (r Role) Want(names []string) []Thing {
	var w wants
	devices := map[string]string{} // what it is, to its name
	for _, s := range r.Services {
		if s.Forwarding == "nat" || len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		for _, v := range s.Virtual {
			if v.Is4() {
				w.add(s.Name, silent...)
			}
			link := "lo"
			if s.Forwarding == "tun" {
				link = w.tunnel(s, v, devices)
			}
			w.add(s.Name, Thing{Kind: Address, Name: addressName(v, link), Value: held})
		}
	}
	return w.things()
}

func addressName(addr netip.Addr, link string) string {
	return fmt.Sprintf("%s/%d dev %s", addr, addr.BitLen(), link)
}

// wants are things by their first mention.
type wants []Thing

func (w *wants) add(service string, things ...Thing) {
	for _, t := range things {
		i := slices.IndexFunc(*w, func(o Thing) bool { return o.key() == t.key() })
		if i < 0 {
			i, *w = len(*w), append(*w, t)
		}
		if !slices.Contains((*w)[i].For, service) {
			(*w)[i].For = append(slices.Clone((*w)[i].For), service)
		}
	}
}

// things are in the order in which they are made. A device's own setting needs the
// device.
func (w wants) things() []Thing {
	rank := func(t Thing) int {
		if t.Kind == Setting && !strings.Contains(t.Name, ".all.") {
			return 3
		}
		return slices.Index([]Kind{Setting, Port, Device, "", Address}, t.Kind)
	}
	slices.SortStableFunc(w, func(a, b Thing) int { return rank(a) - rank(b) })
	return w
}

// tunnel wants what unwraps packets for a virtual address, and returns its name. The device listens to
// the address that the director sends to, so that it lives beside a tunnel of
// the machine's own, and beside the one for everything that comes with the kernel's
// module.
//
// Wrapped packets come from the client and not from where its answers go: a filter of
// the reverse path must be loose (2), which undoes a strict one for all links, as
// the kernel takes the greater of the two. Even then it refuses all that comes over
// a link without an address (__fib_validate_source of net/ipv4/fib_frontend.c), which is
// why the virtual address is there and not on lo.
func (w *wants) tunnel(s Service, virtual netip.Addr, devices map[string]string) (device string) {
	kind := s.Tunnel.Type
	if kind == "gue" {
		name := "udp "
		if s.Address.Is6() {
			name = "udp6 "
		}
		w.add(s.Name, Thing{Kind: Port, Name: name + fmt.Sprint(s.Tunnel.Port), Value: "gue"})
	}
	switch {
	case kind == "gre" && s.Address.Is6():
		kind = "ip6gre"
	case kind == "gre":
	case s.Address.Is6():
		kind = "ip6tnl"
	case virtual.Is6():
		kind = "sit"
	default:
		kind = "ipip"
	}
	value := kind + " to " + s.Address.String()
	if s.Tunnel.Checksum && strings.HasSuffix(kind, "gre") {
		value += " with checksums"
	}
	name, known := devices[value]
	if !known {
		name = deviceName(kind, len(devices))
		devices[value] = name
	}
	w.add(s.Name, Thing{Kind: Device, Name: name, Value: value},
		Thing{Kind: Setting, Name: "net.ipv4.conf." + name + ".rp_filter", Value: "2"})
	return name
}

func deviceName(kind string, n int) string { return fmt.Sprintf("hald-%s%d", kind, n) }
