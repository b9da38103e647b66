package election

import (
	"slices"
	"time"

	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// faultNotOwn is the fault of an address owner that lacks an address: the name
// and, after a colon, the address.
const faultNotOwn = "own_address_missing"

// owner is the holder of an address owner (RFC 9568, 6.4.1): its node has the
// addresses by itself, so they are announced, and neither claimed nor leased nor
// released. That they are there is for owned to judge.
type owner struct{ *holder }

func (owner) Claim() error           { return nil }
func (owner) Repair(time.Time) error { return nil }
func (owner) Release() error         { return nil }

func (c Instance) owns() bool { return c.Priority == vrrp.Owner }

// owned is why an instance is not the owner it is said to be: an address that
// is not there, or that hald put there. Empty when it is, or is none.
func (c Instance) owned(links netif.Links) string {
	if !c.owns() {
		return ""
	}
	for _, a := range c.Addresses {
		if !slices.ContainsFunc(links[c.linkOf(a)].Addrs, func(have netif.Address) bool { return have.Prefix == a.Prefix && !have.Ours() }) {
			return faultNotOwn + ":" + a.Prefix.String()
		}
	}
	return ""
}
