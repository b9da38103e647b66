package election

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// The faults of an instance with a virtual MAC. They are stable names.
const (
	faultNameTaken = "virtual_mac_name_taken"  // a link has the name that was not made by hald
	faultNoMacvlan = "virtual_mac_unsupported" // by the kernel, or on this interface
	faultVirtual   = "virtual_mac_failed"
)

// virtualLinks makes and removes links with a virtual MAC; *netif.VirtualLinks is
// the real one.
type virtualLinks interface {
	Ensure(netif.VirtualLink) (netif.Link, error)
	Faults(netif.VirtualLink, []netip.Prefix) ([]netif.VirtualFault, error)
	Remove(netif.Link) error
	Close() error
}

// virtualLink is the link of an instance with a virtual MAC on its interface.
func (c Instance) virtualLink(parent netif.Link) netif.VirtualLink {
	v := netif.VirtualLink{Parent: parent, VRID: c.VRID, IPv6: c.is6()}
	for _, a := range c.Addresses {
		v.Hold6 = v.Hold6 || a.Prefix.Addr().Is6() && c.linkOf(a) == c.home()
	}
	return v
}

// home is the interface that holds the addresses which name none: the
// instance's, or the link with the virtual MAC on it.
func (c Instance) home() string {
	if c.VirtualMAC {
		return netif.VirtualLink{Parent: netif.Link{Name: c.Interface}, VRID: c.VRID, IPv6: c.is6()}.Name()
	}
	return c.Interface
}

// device keeps the link with the virtual MAC of one instance as it must be. It
// belongs to the election's goroutine.
type device struct {
	cfg     Instance
	host    host
	emit    func(event.Event)
	ctx     context.Context // of tests
	end     context.CancelFunc
	testing sync.WaitGroup

	last    netif.Link // as it was made; zero: not yet
	trouble string     // the last that was reported
	tested  bool       // since the link was set up
}

// newDevice returns nil for an instance without a virtual MAC.
func newDevice(cfg Instance, h host, emit func(event.Event)) *device {
	if !cfg.VirtualMAC {
		return nil
	}
	d := &device{cfg: cfg, host: h, emit: emit}
	d.ctx, d.end = context.WithCancel(context.Background())
	return d
}

// stop ends a test that is on its way; wait waits until it has ended. One
// goroutine does looks and waits.
func (d *device) stop() {
	if d != nil {
		d.end()
	}
}

func (d *device) wait() {
	if d != nil {
		d.testing.Wait()
	}
}

// ensure makes the link, or makes it right.
func (d *device) ensure(v netif.VirtualLink) (netif.Link, error) {
	links, err := d.host.virtual()
	if err != nil {
		return netif.Link{}, err
	}
	defer links.Close()
	return links.Ensure(v)
}

// look makes the link if it is not there, and returns the snapshot with it and
// the position with the way out or the fault.
func (d *device) look(links netif.Links, p vrrp.Link) (netif.Links, vrrp.Link) {
	parent, ok := links[d.cfg.Interface]
	if !ok {
		return links, p
	}
	v := d.cfg.virtualLink(parent)
	v.Last = d.last
	l, seen := links[v.Name()]
	if !seen || l.Index != d.last.Index || !l.Virtual || l.Parent != parent.Index || !bytes.Equal(l.MAC, v.MAC()) ||
		v.Hold6 && l.Forwarding6 != parent.Forwarding6 {
		made, err := d.ensure(v)
		if reason := d.judge(err); reason != "" {
			if p.Fault == "" {
				p.Fault = reason
			}
			return links, p
		}
		if made.Index != l.Index { // it will be in the next snapshot
			l = made
			links = with(links, l)
		}
		d.last = made
	}
	p.Via = d.last.Index
	if !l.Up {
		d.tested = false
		if len(l.Addrs) > 0 { // they do not serve
			l.Addrs = nil
			links = with(links, l)
		}
	} else if !d.tested && len(lacking(l, d.held())) == 0 {
		d.tested = true
		d.test(v)
	}
	return links, p
}

// with is a snapshot with another view of one link.
func with(links netif.Links, l netif.Link) netif.Links {
	links = maps.Clone(links)
	links[l.Name] = l
	return links
}

// judge reports an error once, and says what fault it is.
func (d *device) judge(err error) (fault string) {
	var foreign *netif.ForeignLinkError
	switch {
	case err == nil:
		d.trouble = ""
		return ""
	case errors.Is(err, netif.ErrLinkGone):
		return faultNoInterface
	case errors.As(err, &foreign):
		fault = faultNameTaken
	case errors.Is(err, netif.ErrNoMacvlan):
		fault = faultNoMacvlan
	default:
		fault = faultVirtual
	}
	if d.trouble != err.Error() {
		d.trouble = err.Error()
		d.emit(event.Event{Name: "virtual_mac.failed", Interface: d.cfg.Interface, Reason: fault, Error: err.Error()})
	}
	return fault
}

// held are the addresses that belong on the link.
func (d *device) held() (list []netip.Prefix) {
	for _, a := range d.cfg.Addresses {
		if d.cfg.linkOf(a) == d.cfg.home() {
			list = append(list, a.Prefix)
		}
	}
	return list
}

// test reads back from the kernel what was asked of it and waits for an
// advertisement with the virtual MAC, once after every claim, and reports.
func (d *device) test(v netif.VirtualLink) {
	links, err := d.host.virtual()
	if d.judge(err) != "" {
		return
	}
	defer links.Close()
	if _, err := links.Ensure(v); d.judge(err) != "" { // somebody may have changed a setting since
		return
	}
	faults, err := links.Faults(v, d.held())
	if d.judge(err) != "" {
		return
	}
	report := event.Event{Interface: v.Name(), Address: v.MAC().String()}
	if len(faults) > 0 {
		d.report(report, faults)
		return
	}
	d.testing.Go(func() {
		within := 2*d.cfg.Interval + time.Second
		seen, err := d.host.sees(d.ctx, v.Parent.Index, v.MAC(), within)
		switch {
		case d.ctx.Err() != nil:
			return
		case err != nil:
			faults = []netif.VirtualFault{{Reason: "frames", Detail: err.Error()}}
		case !seen:
			faults = []netif.VirtualFault{{Reason: "frames", Detail: "no advertisement with the virtual MAC left " + v.Parent.Name + " in " + within.String()}}
		}
		d.report(report, faults)
	})
}

func (d *device) report(e event.Event, faults []netif.VirtualFault) {
	e.Name = "virtual_mac.ready"
	if len(faults) > 0 {
		reasons, details := make([]string, len(faults)), make([]string, len(faults))
		for i, f := range faults {
			reasons[i], details[i] = f.Reason, f.Detail
		}
		e.Name, e.Reason, e.Error = "virtual_mac.wrong", strings.Join(reasons, " "), strings.Join(details, "; ")
	}
	d.emit(e)
}

// raising is the kernel for the addresses on a link with a virtual MAC, which is
// up only while it holds them.
type raising struct {
	kernel
	name  string
	links *atomic.Pointer[netif.Links]
}

func (r raising) Claim(link int, addrs []netif.Virtual, lease time.Duration) error {
	parent := 0
	if links := r.links.Load(); links != nil {
		parent = (*links)[r.name].Parent
	}
	return r.ClaimVirtual(link, parent, addrs, lease)
}

func (r raising) Release(link int, addrs []netip.Prefix) error { return r.ReleaseVirtual(link, addrs) }

func (r raising) Missing(link int, addrs []netip.Prefix) ([]netip.Prefix, error) {
	return r.MissingVirtual(link, addrs)
}
