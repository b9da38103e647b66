package election

import (
	"net/netip"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
)

// The reasons of address.restored: what took the addresses. They are stable names.
const (
	lossReplaced = "link_replaced"   // another link has the interface's name
	lossLinkDown = "link_down"       // the link is or was down, and lost them so, or they do not serve
	lossPrimary  = "primary_removed" // they went with the primary address of their subnet
	lossDeleted  = "deleted"         // somebody asked for it
	lossUnknown  = "removed"         // the kernel does not say why
)

// blame completes an event about addresses that are missing from a link. gone tells whether
// an address is not there either: the kernel announces a primary's removal after those of its
// secondaries, so that a snapshot may still have it.
func blame(e event.Event, l netif.Link, replaced bool, missing []netip.Prefix, gone func(netip.Prefix) bool) event.Event {
	loss, known := l.Loss(missing)
	e.Reason, e.By = lossUnknown, loss.By()
	switch {
	case replaced:
		e.Reason = lossReplaced
	case loss.LinkDown || !l.Up:
		e.Reason = lossLinkDown
	case known && loss.Primary.IsValid() && (!l.Holds(loss.Primary) || gone(loss.Primary)):
		e.Reason, e.Error = lossPrimary, "the kernel dropped it with "+loss.Primary.String()
	case loss.Port != 0:
		e.Reason = lossDeleted
	}
	return e
}
