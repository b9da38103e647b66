package netif

import (
	"errors"
	"fmt"
	"time"
)

// Renew gives addresses that were claimed on the link of that name a new lease,
// and puts back those that are missing. Unlike Claim it asks the kernel nothing:
// what the links hold is what the watcher saw last. So it costs little more than
// the addresses named, however many there are beside them, and may be called for
// some of them at a time. Its errors are Claim's; what it did before one stays.
func (a *Addresses) Renew(links Links, name string, addrs []Virtual, lease time.Duration) error {
	link, ok := links[name]
	if !ok {
		return fmt.Errorf("renew on %s: %w", name, ErrLinkGone)
	}
	p := a.seen(link)
	if link.Virtual {
		for _, l := range links {
			if l.Index == link.Parent {
				above := a.seen(l)
				p.parent = &above
			}
		}
	}
	ops, err := p.claim(addrs)
	for i := range ops {
		if ops[i].action == add { // since the link was seen, our own claim may have been
			ops[i].action = renew
		}
	}
	for i, failed := range a.apply(link.Index, ops, lifetime(lease, a.tagged)) {
		err = errors.Join(err, ops[i].failure(link.Index, failed))
	}
	if err != nil {
		return fmt.Errorf("renew on %s: %w", name, err)
	}
	return nil
}

// seen is the planner of a link as the watcher saw it.
func (a *Addresses) seen(link Link) planner {
	p := planner{linkIndex: link.Index, tagged: a.tagged, have: make([]held, len(link.Addrs))}
	for i, h := range link.Addrs {
		p.have[i].Address = h
	}
	return p
}
