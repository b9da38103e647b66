package netif

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	ifaProto          = 11 // IFA_PROTO of linux/if_addr.h, since Linux 5.18
	netconfIfindex    = 1  // NETCONFA_IFINDEX of linux/netconf.h
	netconfForwarding = 2  // NETCONFA_FORWARDING
)

// forever is INFINITY_LIFE_TIME of net/addrconf.h.
const forever = math.MaxUint32

// parseNews reads an announcement or a line of a listing. ok is false for
// what this package does not follow.
func parseNews(m syscall.NetlinkMessage) (n news, ok bool, err error) {
	switch m.Header.Type {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		// A bridge announces its ports with the same types and its own family;
		// its RTM_DELLINK says that a port left the bridge, not that it is gone.
		if len(m.Data) < unix.SizeofIfInfomsg || m.Data[0] != unix.AF_UNSPEC {
			return news{}, false, nil
		}
		l, err := parseLink(m.Data)
		return news{index: l.Index, gone: m.Header.Type == unix.RTM_DELLINK, link: &l}, err == nil, err
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		if !isAddress(m.Data) {
			return news{}, false, nil
		}
		index, a, err := parseAddress(m.Data)
		return news{index: index, gone: m.Header.Type == unix.RTM_DELADDR, addr: &a, port: m.Header.Pid}, err == nil, err
	case unix.RTM_NEWNETCONF:
		return parseNetconf(m.Data)
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		if !isRoute(m) {
			return news{}, false, nil
		}
		r, err := parseRoute(m.Data)
		// A foreign one has taken the place of one that may have been ours.
		gone := m.Header.Type == unix.RTM_DELROUTE || !isOurs(m)
		return news{index: r.LinkIndex, gone: gone, route: &r}, err == nil && (isOurs(m) || m.Header.Flags&unix.NLM_F_REPLACE != 0), err
	}
	return news{}, false, nil
}

// isAddress reports whether an address message is of a family followed here.
func isAddress(data []byte) bool {
	return len(data) >= unix.SizeofIfAddrmsg && (data[0] == unix.AF_INET || data[0] == unix.AF_INET6)
}

func parseLink(data []byte) (Link, error) {
	if len(data) < unix.SizeofIfInfomsg {
		return Link{}, errors.New("read link message: it is cut off")
	}
	info := nl.DeserializeIfInfomsg(data)
	attrs, err := attributes(data[unix.SizeofIfInfomsg:])
	if err != nil {
		return Link{}, fmt.Errorf("read link message: %w", err)
	}
	const running = unix.IFF_UP | unix.IFF_RUNNING
	l := Link{Index: int(info.Index), Up: info.Flags&running == running}
	for _, a := range attrs {
		switch a.kind {
		case unix.IFLA_IFNAME:
			l.Name = unix.ByteSliceToString(a.value)
		case unix.IFLA_ADDRESS:
			l.MAC = net.HardwareAddr(slices.Clone(a.value))
		case unix.IFLA_MTU:
			l.MTU = int(a.number())
		case unix.IFLA_LINK:
			l.Parent = int(a.number())
		case unix.IFLA_IFALIAS:
			l.mark, l.Virtual = parseMark(unix.ByteSliceToString(a.value))
		case unix.IFLA_AF_SPEC:
			if l.Forwarding6, err = parseForwarding6(a.value); err != nil {
				return Link{}, fmt.Errorf("read link message: %w", err)
			}
		}
	}
	return l, nil
}

// parseForwarding6 reads conf/forwarding from what each family adds to a link
// message: IFLA_AF_SPEC > AF_INET6 > IFLA_INET6_CONF, an array of 32-bit numbers
// of which it is the first (DEVCONF_FORWARDING of linux/ipv6.h).
func parseForwarding6(data []byte) (bool, error) {
	for _, kind := range []uint16{unix.AF_INET6, unix.IFLA_INET6_CONF} {
		attrs, err := values(data)
		if err != nil {
			return false, err
		}
		data = attrs[kind] // nil where the link has no IPv6
	}
	return word(data, 0) != 0, nil
}

// parseNetconf reads the announcement that a setting of a link has changed.
func parseNetconf(data []byte) (n news, ok bool, err error) {
	const header = 4 // struct netconfmsg, padded
	if len(data) < header || data[0] != unix.AF_INET6 {
		return news{}, false, nil
	}
	attrs, err := values(data[header:])
	if err != nil {
		return news{}, false, fmt.Errorf("read netconf message: %w", err)
	}
	index, value := attrs[netconfIfindex], attrs[netconfForwarding]
	if len(index) < 4 || len(value) < 4 {
		return news{}, false, nil // of another setting
	}
	forwarding := word(value, 0) != 0
	return news{index: int(int32(word(index, 0))), forwarding6: &forwarding}, true, nil
}

func parseAddress(data []byte) (index int, a Address, err error) {
	info := nl.DeserializeIfAddrmsg(data)
	attrs, err := attributes(data[unix.SizeofIfAddrmsg:])
	if err != nil {
		return 0, Address{}, fmt.Errorf("read address message: %w", err)
	}
	flags := uint32(info.Flags)
	var local, peer netip.Addr
	for _, at := range attrs {
		switch at.kind {
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(at.value)
		case unix.IFA_ADDRESS:
			peer, _ = netip.AddrFromSlice(at.value)
		case unix.IFA_FLAGS:
			flags = at.number()
		case ifaProto:
			a.Protocol = at.octet()
		}
	}
	bits := int(info.Prefixlen)
	if !local.IsValid() {
		local = peer
	} else if peer.IsValid() && peer != local {
		bits = local.BitLen() // the prefix length is the peer's
	}
	a.Prefix = netip.PrefixFrom(local, bits)
	a.Secondary = flags&unix.IFA_F_SECONDARY != 0 && local.Is4() // for IPv6 the bit says temporary
	a.Permanent = flags&unix.IFA_F_PERMANENT != 0
	a.Tentative = flags&unix.IFA_F_TENTATIVE != 0
	a.DADFailed = flags&unix.IFA_F_DADFAILED != 0
	a.Deprecated = flags&unix.IFA_F_DEPRECATED != 0 && local.Is6()
	if !a.Prefix.IsValid() {
		return 0, Address{}, fmt.Errorf("read address message: no valid address on link %d", info.Index)
	}
	return int(info.Index), a, nil
}

// request turns an op of a plan into a netlink request.
func (o op) request(linkIndex int, lifetime uint32) *nl.NetlinkRequest {
	switch o.action {
	case restore:
		r := nl.NewNetlinkRequest(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
		r.AddRawData(o.message)
		return r
	case remove:
		return o.addressRequest(unix.RTM_DELADDR, 0, linkIndex)
	case add:
		return o.withLifetime(o.addressRequest(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, linkIndex), lifetime)
	default: // renew; an address that went since it was listed is made again
		return o.withLifetime(o.addressRequest(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, linkIndex), lifetime)
	}
}

func (o op) addressRequest(kind, flags, linkIndex int) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(kind, flags)
	info := nl.NewIfAddrmsg(familyOf(o.prefix.Addr()))
	info.Prefixlen = uint8(o.prefix.Bits())
	info.Scope = o.scope
	info.Index = uint32(linkIndex)
	r.AddData(info)
	ip := o.prefix.Addr().AsSlice()
	r.AddData(nl.NewRtAttr(unix.IFA_LOCAL, ip))
	r.AddData(nl.NewRtAttr(unix.IFA_ADDRESS, ip))
	return r
}

func familyOf(ip netip.Addr) int {
	if ip.Is6() {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

func (o op) withLifetime(r *nl.NetlinkRequest, lifetime uint32) *nl.NetlinkRequest {
	r.AddData(nl.NewRtAttr(ifaProto, []byte{Protocol}))
	if o.label != "" {
		r.AddData(nl.NewRtAttr(unix.IFA_LABEL, nl.ZeroTerminated(o.label)))
	}
	var flags uint32
	preferred := lifetime
	if o.prefix.Addr().Is6() {
		flags, preferred = unix.IFA_F_NODAD, 0
	}
	if o.noPrefixRoute {
		flags |= unix.IFA_F_NOPREFIXROUTE
	}
	if flags != 0 {
		r.AddData(nl.NewRtAttr(unix.IFA_FLAGS, nl.Uint32Attr(flags)))
	}
	lifetimes := nl.IfaCacheInfo{IfaCacheinfo: unix.IfaCacheinfo{Prefered: preferred, Valid: lifetime}}
	r.AddData(nl.NewRtAttr(unix.IFA_CACHEINFO, lifetimes.Serialize()))
	return r
}

// lifetime turns a lease into the kernel's whole seconds, rounded up.
func lifetime(lease time.Duration, tagged bool) uint32 {
	switch seconds := (lease + time.Second - 1) / time.Second; {
	case lease > 0 && seconds < forever:
		return uint32(seconds)
	case tagged:
		return forever
	default:
		return forever - 1 // 136 years: without a tag only a finite lifetime says that it is ours
	}
}
