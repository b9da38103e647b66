package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink/nl"
)

// ClaimVirtual is [Addresses.Claim] on a virtual link, which it sets up first: a
// link that is down neither answers nor takes frames for the virtual MAC (RFC
// 9568, 6.4.2). The parent's addresses count as the host's own where an address
// could bring a prefix route: none leads to the virtual link that the parent
// has already, and the host's own traffic goes on leaving by the parent. On an
// error the link is down.
func (a *Addresses) ClaimVirtual(link, parent int, addrs []Virtual, lease time.Duration) error {
	err := a.conn.change([]*nl.NetlinkRequest{stateRequest(link, true)})[0]
	if err == nil {
		err = a.claim(link, parent, [][]Virtual{addrs}, lease)[0]
	}
	if err != nil {
		return errors.Join(fmt.Errorf("claim on link %d: %w", link, err), a.lower(link))
	}
	return nil
}

// ReleaseVirtual sets a virtual link down, which silences all its addresses at
// once, and removes those of addrs that are ours.
func (a *Addresses) ReleaseVirtual(link int, addrs []netip.Prefix) error {
	return errors.Join(a.lower(link), a.Release(link, addrs))
}

// MissingVirtual is [Addresses.Missing]; on a link that is down all are.
func (a *Addresses) MissingVirtual(link int, addrs []netip.Prefix) ([]netip.Prefix, error) {
	d, err := a.conn.link(link, "")
	if err != nil {
		return nil, fmt.Errorf("look for addresses on link %d: %w", link, err)
	}
	if !d.adminUp {
		return addrs, nil
	}
	return a.Missing(link, addrs)
}

func (a *Addresses) lower(link int) error {
	if link <= 0 {
		return nil
	}
	err := a.conn.change([]*nl.NetlinkRequest{stateRequest(link, false)})[0]
	if err != nil && !errors.Is(err, ErrLinkGone) {
		return fmt.Errorf("set link %d down: %w", link, err)
	}
	return nil
}
