package netif

import "net/netip"

// Crowded reports whether an IPv4 address that is ours shares its subnet with
// another one on the link, ours or not. One of the two is secondary then, and where
// promote_secondaries is 0 the kernel drops it together with its primary
// (__inet_del_ifa of net/ipv4/devinet.c).
func (l Link) Crowded(ours func(Address) bool) bool {
	for _, a := range l.Addrs {
		if a.Secondary && (ours(a) || l.primaryIs(a.Prefix, ours)) {
			return true
		}
	}
	return false
}

// primaryIs asks about the primary of a subnet.
func (l Link) primaryIs(subnet netip.Prefix, ours func(Address) bool) bool {
	for _, a := range l.Addrs {
		if !a.Secondary && a.Prefix.Masked() == subnet.Masked() {
			return ours(a)
		}
	}
	return false
}
