package netif

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// ClaimRoutes makes the routes present. Calling it again puts back what was
// removed. It is all or nothing: on an error it takes back what it added. The
// error is a [ForeignRouteError] when the host has a route of the same table,
// destination and metric, or wraps what the kernel says: ENETUNREACH where the
// next hop is not on the link, [ErrLinkGone], [ErrPermission].
func (a *Addresses) ClaimRoutes(want []Route) error {
	have, err := a.HeldRoutes()
	if err != nil {
		return fmt.Errorf("claim routes: %w", err)
	}
	var failed error
	var added []Route
	ops := planKeyed(want, have)
	for i, err := range apply(a.conn, ops, requestRoute) {
		switch {
		case ops[i].remove:
		case errors.Is(err, unix.EEXIST):
			err = &ForeignRouteError{ops[i].what}
			fallthrough
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("claim the route to %s: %w", ops[i].what.Destination, err))
		default:
			added = append(added, ops[i].what)
		}
	}
	if failed == nil {
		return nil
	}
	return errors.Join(failed, a.ReleaseRoutes(added))
}

// ReleaseRoutes removes those routes that are ours, wherever they lead. What is
// absent or not ours is no error.
func (a *Addresses) ReleaseRoutes(routes []Route) error {
	have, err := a.HeldRoutes()
	if err != nil {
		return fmt.Errorf("release routes: %w", err)
	}
	ops := planRemoval(routes, have)
	for i, err := range apply(a.conn, ops, requestRoute) {
		if err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, ErrLinkGone) {
			return fmt.Errorf("release the route to %s: %w", ops[i].what.Destination, err)
		}
	}
	return nil
}

// MissingRoutes lists those of the routes that are not there as they should be.
func (a *Addresses) MissingRoutes(want []Route) ([]Route, error) {
	have, err := a.HeldRoutes()
	if err != nil {
		return nil, fmt.Errorf("look for routes: %w", err)
	}
	return missingOf(want, have), nil
}

// HeldRoutes lists every route in the network namespace that bears hald's mark,
// which routes have on every kernel (rtm_protocol).
func (a *Addresses) HeldRoutes() (held []Route, err error) {
	err = listRoutes(a.conn, func() { held = nil }, func(r Route) { held = append(held, r) })
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	return held, nil
}

// requestRoute turns an edit into a netlink request. NLM_F_EXCL keeps a route of the
// host's from being replaced, the protocol number one from being removed.
func requestRoute(o edit[Route]) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	scope := uint8(unix.RT_SCOPE_UNIVERSE)
	if !o.what.Via.IsValid() && o.what.Destination.Addr().Is4() {
		scope = unix.RT_SCOPE_LINK
	}
	if o.remove {
		r = nl.NewNetlinkRequest(unix.RTM_DELROUTE, 0)
		scope = unix.RT_SCOPE_NOWHERE // any
	}
	r.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{
		Family: uint8(familyOf(o.what.Destination.Addr())), Dst_len: uint8(o.what.Destination.Bits()),
		Table: uint8(min(o.what.Table, 255)), Protocol: Protocol, Scope: scope, Type: unix.RTN_UNICAST,
	}})
	r.AddData(nl.NewRtAttr(unix.RTA_DST, o.what.Destination.Addr().AsSlice()))
	r.AddData(nl.NewRtAttr(unix.RTA_TABLE, nl.Uint32Attr(o.what.Table)))
	r.AddData(nl.NewRtAttr(unix.RTA_OIF, nl.Uint32Attr(uint32(o.what.LinkIndex))))
	r.AddData(nl.NewRtAttr(unix.RTA_PRIORITY, nl.Uint32Attr(o.what.Metric)))
	if o.what.Via.IsValid() {
		r.AddData(nl.NewRtAttr(unix.RTA_GATEWAY, o.what.Via.AsSlice()))
	}
	if o.what.Source.IsValid() {
		r.AddData(nl.NewRtAttr(unix.RTA_PREFSRC, o.what.Source.AsSlice()))
	}
	return r
}

// listRoutes lists our routes. The kernel picks them out, since Linux 4.20.
func listRoutes(c *conn, reset func(), each func(Route)) error {
	reset()
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		var found []Route
		r := nl.NewNetlinkRequest(unix.RTM_GETROUTE, 0)
		r.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{Family: uint8(family), Protocol: Protocol}})
		err := c.dump(r, func() { found = nil }, func(m syscall.NetlinkMessage) error {
			if !isRoute(m) || m.Data[0] != byte(family) || !isOurs(m) {
				return nil
			}
			route, err := parseRoute(m.Data)
			found = append(found, route)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range found {
			each(f)
		}
	}
	return nil
}

// isRoute reports whether a message is about a route followed here: not about
// what the kernel remembers of single hosts.
func isRoute(m syscall.NetlinkMessage) bool {
	if m.Header.Type != unix.RTM_NEWROUTE && m.Header.Type != unix.RTM_DELROUTE || len(m.Data) < unix.SizeofRtMsg {
		return false
	}
	family, flags := m.Data[0], binary.NativeEndian.Uint32(m.Data[8:])
	return (family == unix.AF_INET || family == unix.AF_INET6) && flags&unix.RTM_F_CLONED == 0
}

// isOurs reports whether the route of a message bears our mark.
func isOurs(m syscall.NetlinkMessage) bool { return m.Data[rtmProtocol] == Protocol }

const rtmProtocol = 5 // offset in struct rtmsg

func parseRoute(data []byte) (r Route, err error) {
	attrs, err := attributes(data[unix.SizeofRtMsg:])
	if err != nil {
		return Route{}, fmt.Errorf("read route message: %w", err)
	}
	any := netip.IPv4Unspecified()
	if data[0] == unix.AF_INET6 {
		any = netip.IPv6Unspecified()
	}
	r.Destination, r.Table = netip.PrefixFrom(any, int(data[1])), uint32(data[4])
	for _, at := range attrs {
		switch ip, _ := netip.AddrFromSlice(at.value); at.kind {
		case unix.RTA_DST:
			r.Destination = netip.PrefixFrom(ip, int(data[1]))
		case unix.RTA_GATEWAY:
			r.Via = ip
		case unix.RTA_PREFSRC:
			r.Source = ip
		case unix.RTA_TABLE:
			r.Table = at.number()
		case unix.RTA_PRIORITY:
			r.Metric = at.number()
		case unix.RTA_OIF:
			r.LinkIndex = int(at.number())
		}
	}
	if !r.Destination.IsValid() {
		return Route{}, errors.New("read route message: no valid destination")
	}
	return r, nil
}
