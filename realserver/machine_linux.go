package realserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Here is the network namespace of the calling thread. Doing something there needs
// CAP_NET_ADMIN.
type Here struct{}

// whole lists until nothing came or went meanwhile; a kernel where something always
// does has the last word.
func whole[T any](list func() ([]T, error)) (all []T, err error) {
	for range 10 {
		if all, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return all, err
}

// Addresses are those of the namespace.
func (Here) Addresses() ([]netip.Addr, error) {
	held, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	var all []netip.Addr
	for _, a := range held {
		if addr, ok := netip.AddrFromSlice(a.IP); ok && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() {
			all = append(all, addr.Unmap())
		}
	}
	return all, nil
}

// Facts implements [Machine].
func (h Here) Facts(things []Thing) (Facts, error) {
	f := Facts{values: map[string]string{}, loud: map[string]string{}, open: map[string]string{}}
	links, err := whole(netlink.LinkList)
	if err != nil {
		return f, fmt.Errorf("list links: %w", err)
	}
	byIndex := map[int]netlink.Link{}
	for _, l := range links {
		f.link(l)
		byIndex[l.Attrs().Index] = l
	}
	held, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return f, fmt.Errorf("list addresses: %w", err)
	}
	for _, a := range held {
		if l := byIndex[a.LinkIndex]; l != nil {
			f.address(a, l)
		}
	}
	for _, t := range things {
		switch t.Kind {
		case Setting:
			if text, err := os.ReadFile(settingFile(t.Name)); err == nil {
				f.values[t.key()] = strings.TrimSpace(string(text))
			}
		case Port:
			if f.values[t.key()], err = port(t); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

// link takes note of a link: what tunnel it is, and how it is with ARP.
func (f Facts) link(l netlink.Link) {
	a := l.Attrs()
	f.values[Thing{Kind: Device, Name: a.Name}.key()] = describe(l)
	if quiet(l) {
		return
	}
	// Of these values the kernel makes nothing, or a look at the scope alone
	// (arp_ignore of net/ipv4/arp.c).
	text, err := os.ReadFile(settingFile("net.ipv4.conf." + a.Name + ".arp_ignore"))
	if value := strings.TrimSpace(string(text)); err == nil && value >= "3" && value <= "7" {
		f.loud[a.Name] = value
	}
}

// quiet tells whether nobody asks the link for addresses.
func quiet(l netlink.Link) bool { return l.Attrs().RawFlags&(unix.IFF_LOOPBACK|unix.IFF_NOARP) != 0 }

// describe is a tunnel as a [Thing] has it.
func describe(l netlink.Link) string {
	text := l.Type()
	var local net.IP
	checksums := false
	switch t := l.(type) {
	case *netlink.Iptun:
		local = t.Local
	case *netlink.Sittun:
		local = t.Local
	case *netlink.Ip6tnl:
		local = t.Local
	case *netlink.Gretun:
		local, checksums = t.Local, t.IFlags&greChecksum != 0
	default:
		return text
	}
	if addr, ok := netip.AddrFromSlice(local); ok && !addr.IsUnspecified() {
		text += " to " + addr.Unmap().String()
	}
	if checksums {
		text += " with checksums"
	}
	if l.Attrs().Flags&net.FlagUp == 0 {
		text += ", down"
	}
	return text
}

// address takes note of an address. One that stands for a network makes the whole of it
// the machine's on lo.
func (f Facts) address(a netlink.Addr, l netlink.Link) {
	addr, ok := netip.AddrFromSlice(a.IP)
	if !ok {
		return
	}
	addr = addr.Unmap()
	bits, _ := a.Mask.Size()
	if bits != addr.BitLen() || !quiet(l) {
		f.open[addr.String()] = fmt.Sprintf("%s/%d dev %s", addr, bits, l.Attrs().Name)
		return
	}
	f.values[Thing{Kind: Address, Name: addressName(addr, l.Attrs().Name)}.key()] = held
}

// Do implements [Machine].
func (h Here) Do(s Step) error {
	switch s.Kind {
	case Setting:
		return os.WriteFile(settingFile(s.Name), []byte(s.To), 0)
	case Port:
		return setPort(s)
	case Device:
		return setDevice(s)
	}
	return setAddress(s)
}

// settingFile is where a setting is below /proc/sys. A link's name may have dots in it.
func settingFile(name string) string {
	name = strings.TrimPrefix(name, "net.ipv4.conf.")
	dot := strings.LastIndexByte(name, '.')
	return filepath.Join("/proc/sys/net/ipv4/conf", name[:dot], name[dot+1:])
}

func setAddress(s Step) error {
	prefix, name, _ := strings.Cut(s.Name, " dev ")
	address, err := netlink.ParseAddr(prefix)
	if err != nil {
		return err
	}
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	switch {
	case s.To == "":
		if err := netlink.AddrDel(link, address); !errors.Is(err, unix.EADDRNOTAVAIL) {
			return err
		}
		return nil
	case link.Attrs().Flags&net.FlagUp == 0:
		return fmt.Errorf("%s is down: ip link set %s up", name, name)
	case address.IP.To4() == nil:
		address.Flags = unix.IFA_F_NODAD
	}
	return netlink.AddrReplace(link, address)
}
