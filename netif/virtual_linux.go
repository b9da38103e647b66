package netif

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// ErrNoMacvlan says that the kernel has no macvlan links, or that the parent
// cannot have any.
var ErrNoMacvlan = errors.New("no macvlan possible")

// VirtualLinks makes, checks and removes links with a virtual MAC. It remembers
// nothing but its socket; one goroutine owns it, and only one goroutine of a
// network namespace may have such links made and removed.
type VirtualLinks struct{ conn *conn }

// OpenVirtualLinks opens the maker in the network namespace of the calling thread.
func OpenVirtualLinks() (*VirtualLinks, error) {
	c, err := dial(listedBuffer)
	if err != nil {
		return nil, err
	}
	return &VirtualLinks{c}, nil
}

// Close closes the socket. The links stay.
func (m *VirtualLinks) Close() error { return m.conn.close() }

// Ensure makes the link if it is not there, replaces one of ours that has
// another parent or MAC, and brings its settings and those of its parent to what
// they must be. It leaves the state alone; a new link is down. The error is a
// [ForeignLinkError] when the name is taken, or wraps [ErrNoMacvlan],
// [ErrLinkGone] or [ErrPermission].
func (m *VirtualLinks) Ensure(v VirtualLink) (Link, error) {
	l, err := m.ensure(v)
	if err != nil {
		return l, fmt.Errorf("make link %s: %w", v.Name(), err)
	}
	return l, nil
}

func (m *VirtualLinks) ensure(v VirtualLink) (Link, error) {
	parent, err := m.conn.link(v.Parent.Index, "")
	if err != nil {
		return Link{}, err
	}
	if parent.kind == "macvlan" { // the kernel would take the link below it
		return Link{}, fmt.Errorf("%w: %s is a macvlan itself", ErrNoMacvlan, v.Parent.Name)
	}
	d, err := m.conn.link(0, v.Name())
	if err == nil && !d.Virtual {
		return Link{}, &ForeignLinkError{v.Name()}
	}
	if err == nil && !v.is(d) {
		if err := m.Remove(d.Link); err != nil {
			return Link{}, err
		}
		err = ErrLinkGone
	}
	if errors.Is(err, ErrLinkGone) {
		d, err = m.create(v, parent)
	}
	if err != nil {
		return Link{}, err
	}
	if err := m.settle(v, d, parent); err != nil {
		return Link{}, err
	}
	d, err = m.conn.link(d.Index, "")
	return d.Link, err
}

// is tells whether a link is the one described, whatever its settings and state.
func (v VirtualLink) is(d details) bool {
	return d.Virtual && d.kind == "macvlan" && d.mode == modeVEPA && d.Parent == v.Parent.Index && bytes.Equal(d.MAC, v.MAC())
}

// create makes the link and signs it in one send.
func (m *VirtualLinks) create(v VirtualLink, parent details) (details, error) {
	was, err := m.found(v, parent)
	if err != nil {
		return details{}, err
	}
	errs := m.conn.change([]*nl.NetlinkRequest{v.createRequest(), v.markRequest(was)})
	switch err := errs[0]; {
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EBUSY), errors.Is(err, unix.EINVAL):
		return details{}, fmt.Errorf("%w: on %s: %w", ErrNoMacvlan, v.Parent.Name, errnoOf(err))
	case errors.Is(err, unix.EEXIST):
		return details{}, &ForeignLinkError{v.Name()}
	}
	if err := errors.Join(errs...); err != nil {
		return details{}, err
	}
	return m.conn.link(0, v.Name())
}

func errnoOf(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// found is how the parent's settings were before any link of ours: as the other
// ones remember it, or this one did.
func (m *VirtualLinks) found(v VirtualLink, parent details) (mark, error) {
	if v.Last.Virtual && v.Last.Parent == parent.Index {
		return v.Last.mark, nil
	}
	others, err := m.conn.virtuals()
	for _, o := range others {
		if o.Parent == parent.Index {
			return o.mark, nil
		}
	}
	return mark{parent.setting4(conf4ARPIgnore), parent.setting4(conf4ARPAnnounce)}, err
}

// Remove removes a link if it is one of ours, and with the last one of a parent
// puts the parent's settings back, unless somebody has changed them meanwhile.
// That the link is gone is success.
func (m *VirtualLinks) Remove(l Link) error {
	if err := m.remove(l); err != nil && !errors.Is(err, ErrLinkGone) {
		return fmt.Errorf("remove link %s: %w", l.Name, err)
	}
	return nil
}

func (m *VirtualLinks) remove(l Link) error {
	d, err := m.conn.link(l.Index, "")
	if err != nil || !d.Virtual || d.kind != "macvlan" {
		return err
	}
	if err := m.conn.change([]*nl.NetlinkRequest{linkRequest(unix.RTM_DELLINK, 0, l.Index, "")})[0]; err != nil {
		return err
	}
	others, err := m.conn.virtuals()
	for _, o := range others {
		if o.Parent == d.Parent {
			return nil
		}
	}
	if err != nil {
		return err
	}
	parent, err := m.conn.link(d.Parent, "")
	if err != nil {
		return err
	}
	was := d.mark
	back := map[int]uint32{}
	if was.ignore < wantedOfParent.ignore && parent.setting4(conf4ARPIgnore) == wantedOfParent.ignore {
		back[conf4ARPIgnore] = was.ignore
	}
	if was.announce < wantedOfParent.announce && parent.setting4(conf4ARPAnnounce) == wantedOfParent.announce {
		back[conf4ARPAnnounce] = was.announce
	}
	return m.set(parent.Index, back, false)
}

func (m *VirtualLinks) set(index int, conf4 map[int]uint32, addrGen bool) error {
	if len(conf4) == 0 && !addrGen {
		return nil
	}
	return m.conn.change([]*nl.NetlinkRequest{settingsRequest(index, conf4, addrGen)})[0]
}

// confFile is a setting of a link in /proc/sys, where the thread's own network
// namespace is seen.
func confFile(family, link, name string) string {
	return "/proc/sys/net/" + family + "/conf/" + link + "/" + name
}

// readAll is a setting of IPv4 for all links, which the kernel combines with
// that of each.
func readAll(name string) (uint32, error) {
	b, err := os.ReadFile(confFile("ipv4", "all", name))
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(b)), 10, 32)
	return uint32(n), err
}
