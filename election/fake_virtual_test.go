package election

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// fakeVirtual are the links with a virtual MAC of a fake host.
type fakeVirtual struct {
	links  map[string]netif.Link
	last   int // the last index given away, counted from 100
	err    error
	faults []netif.VirtualFault
	mute   bool // no advertisement is seen
	made   int
	via    int // of the last Conn
}

func (v *fakeVirtual) holds(index int) bool {
	for _, l := range v.links {
		if l.Index == index {
			return true
		}
	}
	return false
}

// add puts the links with their addresses into a snapshot.
func (v *fakeVirtual) add(links netif.Links, f *fakeHost) {
	for name, l := range v.links {
		for p := range f.addrs {
			if f.on[p] == l.Index {
				l.Addrs = append(l.Addrs, netif.Address{Prefix: p, Protocol: netif.Protocol})
			}
		}
		links[name] = l
	}
}

func (v *fakeVirtual) set(index int, up bool) {
	for name, l := range v.links {
		if l.Index == index {
			l.Up = up
			v.links[name] = l
		}
	}
}

// fakeLinks is the maker of those links.
type fakeLinks struct{ *fakeHost }

func (f fakeLinks) Ensure(v netif.VirtualLink) (netif.Link, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.virtual.err != nil {
		return netif.Link{}, f.virtual.err
	}
	l, ok := f.virtual.links[v.Name()]
	if !ok || l.Parent != v.Parent.Index {
		f.virtual.last++
		f.virtual.made++
		l = netif.Link{Name: v.Name(), Index: 100 + f.virtual.last, MAC: v.MAC(), Parent: v.Parent.Index, Virtual: true}
		if f.virtual.links == nil {
			f.virtual.links = map[string]netif.Link{}
		}
		f.virtual.links[l.Name] = l
	}
	return l, nil
}

func (f fakeLinks) Faults(netif.VirtualLink, []netip.Prefix) ([]netif.VirtualFault, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.virtual.faults, nil
}

func (f fakeLinks) Remove(l netif.Link) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.virtual.links, l.Name)
	return nil
}

func (f *fakeHost) ClaimVirtual(link, parent int, addrs []netif.Virtual, lease time.Duration) error {
	f.mu.Lock()
	ok := f.virtual.holds(link) && parent == 2
	f.virtual.set(link, true)
	f.mu.Unlock()
	if !ok {
		return netif.ErrLinkGone
	}
	return f.Claim(link, addrs, lease)
}

func (f *fakeHost) ReleaseVirtual(link int, addrs []netip.Prefix) error {
	f.mu.Lock()
	f.virtual.set(link, false)
	f.mu.Unlock()
	return f.Release(link, addrs)
}

func (f *fakeHost) MissingVirtual(link int, addrs []netip.Prefix) ([]netip.Prefix, error) {
	f.mu.Lock()
	for _, l := range f.virtual.links {
		if l.Index == link && !l.Up {
			f.mu.Unlock()
			return addrs, nil
		}
	}
	f.mu.Unlock()
	return f.Missing(link, addrs)
}

// sees answers after a second, or not at all.
func (f *fakeHost) sees(ctx context.Context, _ int, _ net.HardwareAddr, within time.Duration) (bool, error) {
	f.mu.Lock()
	mute := f.virtual.mute
	f.mu.Unlock()
	if !mute {
		within = time.Second
	}
	select {
	case <-time.After(within):
		return !mute, nil
	case <-ctx.Done():
		return false, nil
	}
}

func (f *fakeHost) notice(l vrrp.Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.virtual.via = l.Via
}

// onVirtual is the link with the virtual MAC as it is now.
func (f *fakeHost) onVirtual(name string) netif.Link {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.virtual.links[name]
}

// reason is that of the last event of a name.
func (p *process) reason(name string) (reason string) {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	for _, e := range p.events {
		if e.Name == name {
			reason = e.Reason
		}
	}
	return reason
}
