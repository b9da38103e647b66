package netif

import (
	"net/netip"
	"slices"
)

// Loss is the removal of an address, as the kernel announced it.
type Loss struct {
	Prefix   netip.Prefix
	Primary  netip.Prefix // whose secondary it was; zero: nobody's
	Port     uint32       // of the netlink socket that asked for it (nlmsg_pid of netlink(7)); 0: the kernel does not tell, as of all in IPv6 and by ioctl, or did it by itself
	LinkDown bool         // the link was down
}

// maxLosses is how many are remembered of one link.
const maxLosses = 16

// lose remembers a removal, on a link as it was just before. The list is shared with
// snapshots, and not written.
func lose(list []Loss, l Link, before []Address, gone Address, port uint32) []Loss {
	loss := Loss{Prefix: gone.Prefix, Port: port, LinkDown: !l.Up}
	if gone.Secondary {
		i := slices.IndexFunc(before, func(a Address) bool { return !a.Secondary && a.Prefix.Masked() == gone.Prefix.Masked() })
		if i >= 0 {
			loss.Primary = before[i].Prefix
		}
	}
	return append(slices.Clone(list[max(0, len(list)-maxLosses+1):]), loss)
}

// Loss is how the last of these addresses came to be missing, as far as it was announced
// since the last whole listing.
func (l Link) Loss(missing []netip.Prefix) (Loss, bool) {
	for _, loss := range slices.Backward(l.Losses) {
		if slices.Contains(missing, loss.Prefix) {
			return loss, true
		}
	}
	return Loss{}, false
}
