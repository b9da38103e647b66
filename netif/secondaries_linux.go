package netif

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// promoted is promote_secondaries of a link where we have set it. To the kernel
// every number but 0 means yes (IN_DEV_ORCONF of linux/inetdevice.h). That it is
// this one tells that it was 0 before and may be 0 again: the setting is the memory of
// what it was, which a crash cannot part from it.
const promoted = Protocol

// PromoteSecondaries has the kernel keep the secondaries of the links with these
// indices when their primaries go, and ends that on all other links where we
// asked for it. Where it is asked for already, and where somebody has changed it
// since, nothing is written; the settings `all` and `default` never are. It goes
// over rtnetlink and needs CAP_NET_ADMIN, but not a /proc/sys that can be written. A
// link that is gone is no error.
func PromoteSecondaries(links map[int]bool) error {
	c, err := dial(listedBuffer)
	if err != nil {
		return err
	}
	defer func() { _ = c.close() }()
	wrong, err := c.unpromoted(links)
	failed := err
	for _, d := range wrong {
		value := uint32(0)
		if links[d.Index] {
			value = promoted
		}
		err := c.change([]*nl.NetlinkRequest{settingsRequest(d.Index, map[int]uint32{conf4PromoteSecondaries: value}, false)})[0]
		if err != nil && !errors.Is(err, ErrLinkGone) {
			failed = errors.Join(failed, fmt.Errorf("set net.ipv4.conf.%s.promote_secondaries to %d: %w", d.Name, value, err))
		}
	}
	return failed
}

// unpromoted lists the links whose setting is not as wanted, and ours to change.
func (c *conn) unpromoted(links map[int]bool) (list []details, err error) {
	r := nl.NewNetlinkRequest(unix.RTM_GETLINK, 0)
	r.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	err = c.dump(r, func() { list = nil }, func(m syscall.NetlinkMessage) error {
		d, err := parseDetails(m.Data)
		if err != nil || d.conf4 == nil { // such a link cannot have IPv4 addresses
			return err
		}
		if was := d.setting4(conf4PromoteSecondaries); links[d.Index] && was == 0 || !links[d.Index] && was == promoted {
			list = append(list, d)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read promote_secondaries: %w", err)
	}
	return list, nil
}
