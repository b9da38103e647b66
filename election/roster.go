package election

import (
	"net/netip"
	"time"

	"github.com/hald-project/hald/garp"
)

// maxLocated is how many MACs are remembered of the routers of a link: forged ones must
// not fill the memory. When there are more, those that are there will answer again.
const maxLocated = 256

// roster is what is known of the routers that have instances in common with us on a link:
// at which MACs they are. Who answers for a router's own address, at whatever MAC, answers
// rightly for the virtual ones too, even when nothing but the kernel of it is left alive.
// All instances on the link share it, so that hundreds of them ask a router no more often
// than one would. It belongs to the ears; a nil roster knows nobody.
type roster struct {
	routers map[netip.Addr]*router
	located map[garp.MAC]bool
}

// router is a router's own address.
type router struct {
	known int       // by so many instances
	asked time.Time // when it was asked for
}

// locate takes a claim that may be a router's.
func (r *roster) locate(c garp.Claim) {
	if r == nil || r.routers[c.Addr] == nil {
		return
	}
	if len(r.located) == maxLocated && !r.located[c.MAC] {
		clear(r.located)
	}
	r.located[c.MAC] = true
}

// meet wants addresses of routers heard, and part takes it back. Addresses are all of one family.
func (e *ears) meet(link string, addrs []netip.Addr) {
	e.want(link, addrs)
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.roster[link]
	if r == nil {
		r = &roster{routers: map[netip.Addr]*router{}, located: map[garp.MAC]bool{}}
		e.roster[link] = r
	}
	for _, a := range addrs {
		if r.routers[a] == nil {
			r.routers[a] = &router{}
		}
		r.routers[a].known++
	}
}

func (e *ears) part(link string, addrs []netip.Addr) {
	e.mu.Lock()
	r := e.roster[link]
	for _, a := range addrs {
		if r.routers[a].known--; r.routers[a].known == 0 {
			delete(r.routers, a)
		}
	}
	if len(r.routers) == 0 {
		delete(e.roster, link)
	}
	e.mu.Unlock()
	e.forget(link, addrs)
}

// isRouter tells whether a MAC is one of a router's on a link.
func (e *ears) isRouter(link string, mac garp.MAC) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.roster[link]
	return r != nil && r.located[mac]
}

// unasked are the addresses of routers on a link that nobody asked for within a time; they
// count as asked for now.
func (e *ears) unasked(link string, now time.Time, within time.Duration) (addrs []netip.Addr) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.roster[link]
	if r == nil {
		return nil
	}
	for a, router := range r.routers {
		if now.Sub(router.asked) >= within {
			router.asked = now
			addrs = append(addrs, a)
		}
	}
	return addrs
}
