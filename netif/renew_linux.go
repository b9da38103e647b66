package netif

import (
	"errors"
	"fmt"
	"slices"
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
	p := a.seen(link, addrs)
	if link.Virtual {
		for _, l := range links {
			if l.Index == link.Parent {
				above := a.seen(l, nil)
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

// seen is the planner of a link as the watcher saw it, without those addresses of
// ours that are not wanted: beside hundreds of instances nearly all are such, and each
// of the instances would look at all of them again and again.
func (a *Addresses) seen(link Link, wanted []Virtual) planner {
	p := planner{linkIndex: link.Index, tagged: a.tagged}
	for _, h := range link.Addrs {
		if !p.ours(h) || slices.ContainsFunc(wanted, func(w Virtual) bool { return w.Prefix.Addr() == h.Prefix.Addr() }) {
			p.have = append(p.have, held{Address: h})
		}
	}
	return p
}
