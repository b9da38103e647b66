package netif

import (
	"fmt"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Settings by their number: IPV4_DEVCONF_ of linux/ip.h, DEVCONF_ of linux/ipv6.h.
const (
	conf4Forwarding         = 1
	conf4ProxyARP           = 3
	conf4SendRedirects      = 6
	conf4RPFilter           = 8
	conf4AcceptSourceRoute  = 9
	conf4LogMartians        = 11
	conf4ARPFilter          = 13
	conf4ARPAnnounce        = 18
	conf4ARPIgnore          = 19
	conf4PromoteSecondaries = 20
	conf4AcceptLocal        = 23
	conf4SourceValidMark    = 24
	conf4ProxyARPVLAN       = 25
	conf4RouteLocalnet      = 26

	conf6Forwarding = 0
	conf6AcceptRA   = 3
	conf6Autoconf   = 5
	conf6Disable    = 26
)

const (
	addrGenModeNone = 1 // IN6_ADDR_GEN_MODE_NONE of linux/if_link.h
	modeVEPA        = 2 // MACVLAN_MODE_VEPA
)

// details are a link with what else virtual links are judged by.
type details struct {
	Link
	adminUp     bool
	kind        string
	mode        uint32 // of a macvlan
	conf4       []byte // 32-bit numbers, setting 1 first
	conf6       []byte // 32-bit numbers, setting 0 first; nil where the link has no IPv6
	addrGenMode uint8
}

func (d details) setting4(number int) uint32 { return word(d.conf4, number-1) }
func (d details) setting6(number int) uint32 { return word(d.conf6, number) }

// parseDetails reads an RTM_NEWLINK.
func parseDetails(data []byte) (d details, err error) {
	if d.Link, err = parseLink(data); err != nil {
		return d, err
	}
	d.adminUp = nl.DeserializeIfInfomsg(data).Flags&unix.IFF_UP != 0
	attrs, err := values(data[unix.SizeofIfInfomsg:])
	if err == nil {
		err = d.parseKind(attrs[unix.IFLA_LINKINFO])
	}
	if err == nil {
		err = d.parseSettings(attrs[unix.IFLA_AF_SPEC])
	}
	if err != nil {
		return d, fmt.Errorf("read link message: %w", err)
	}
	d.conf4, d.conf6 = append([]byte(nil), d.conf4...), append([]byte(nil), d.conf6...)
	return d, nil
}

func (d *details) parseKind(data []byte) error {
	info, err := values(data)
	if err != nil {
		return err
	}
	d.kind = unix.ByteSliceToString(info[unix.IFLA_INFO_KIND])
	if d.kind != "macvlan" {
		return nil
	}
	own, err := values(info[unix.IFLA_INFO_DATA])
	d.mode = word(own[nl.IFLA_MACVLAN_MODE], 0)
	return err
}

func (d *details) parseSettings(data []byte) error {
	families, err := values(data)
	if err != nil {
		return err
	}
	ipv4, err := values(families[unix.AF_INET])
	if err != nil {
		return err
	}
	ipv6, err := values(families[unix.AF_INET6])
	if err != nil {
		return err
	}
	d.conf4, d.conf6 = ipv4[unix.IFLA_INET_CONF], ipv6[unix.IFLA_INET6_CONF]
	d.addrGenMode = attribute{value: ipv6[unix.IFLA_INET6_ADDR_GEN_MODE]}.octet()
	return nil
}

// linkRequest begins a message about a link, by index or, with 0, by name.
func linkRequest(kind, flags, index int, name string) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(kind, flags)
	info := nl.NewIfInfomsg(unix.AF_UNSPEC)
	info.Index = int32(index)
	r.AddData(info)
	if index == 0 {
		r.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(name)))
	}
	return r
}

// createRequest makes the link, down.
func (v VirtualLink) createRequest() *nl.NetlinkRequest {
	r := linkRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, 0, v.Name())
	r.AddData(nl.NewRtAttr(unix.IFLA_LINK, nl.Uint32Attr(uint32(v.Parent.Index))))
	r.AddData(nl.NewRtAttr(unix.IFLA_ADDRESS, v.MAC()))
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(unix.IFLA_INFO_KIND, nl.NonZeroTerminated("macvlan"))
	info.AddRtAttr(unix.IFLA_INFO_DATA, nil).AddRtAttr(nl.IFLA_MACVLAN_MODE, nl.Uint32Attr(modeVEPA))
	r.AddData(info)
	return r
}

// markRequest signs the link.
func (v VirtualLink) markRequest(m mark) *nl.NetlinkRequest {
	r := linkRequest(unix.RTM_SETLINK, 0, 0, v.Name())
	r.AddData(nl.NewRtAttr(unix.IFLA_IFALIAS, nl.NonZeroTerminated(m.String())))
	return r
}

// settingsRequest changes settings of IPv4 and, unless the link has no IPv6, the
// way it makes addresses of its own.
func settingsRequest(index int, conf4 map[int]uint32, addrGen bool) *nl.NetlinkRequest {
	r := linkRequest(unix.RTM_SETLINK, 0, index, "")
	families := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	conf := families.AddRtAttr(unix.AF_INET, nil).AddRtAttr(unix.IFLA_INET_CONF, nil)
	for number, value := range conf4 {
		conf.AddRtAttr(number, nl.Uint32Attr(value))
	}
	if addrGen {
		families.AddRtAttr(unix.AF_INET6, nil).AddRtAttr(unix.IFLA_INET6_ADDR_GEN_MODE, []byte{addrGenModeNone})
	}
	r.AddData(families)
	return r
}

// stateRequest sets a link up or down.
func stateRequest(index int, up bool) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWLINK, 0)
	info := nl.NewIfInfomsg(unix.AF_UNSPEC)
	info.Index, info.Change = int32(index), unix.IFF_UP
	if up {
		info.Flags = unix.IFF_UP
	}
	r.AddData(info)
	return r
}

// link reads one link, by index or, with 0, by name.
func (c *conn) link(index int, name string) (d details, err error) {
	m, err := c.get(linkRequest(unix.RTM_GETLINK, 0, index, name))
	if err != nil {
		return d, err
	}
	return parseDetails(m.Data)
}

// virtuals lists the virtual links that are ours.
func (c *conn) virtuals() (list []details, err error) {
	r := nl.NewNetlinkRequest(unix.RTM_GETLINK, 0)
	r.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	kind := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	kind.AddRtAttr(unix.IFLA_INFO_KIND, nl.NonZeroTerminated("macvlan"))
	r.AddData(kind)
	err = c.dump(r, func() { list = nil }, func(m syscall.NetlinkMessage) error {
		d, err := parseDetails(m.Data)
		if d.Virtual {
			list = append(list, d)
		}
		return err
	})
	return list, err
}
