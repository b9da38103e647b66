// Package netif owns what the node holds on its links: it watches links,
// addresses and our routes, and it claims and releases virtual addresses and
// routes.
//
// The kernel is the only memory. Every claim and release starts by reading
// what the kernel holds, changes the difference, and may be repeated at will.
// A virtual address carries two marks: the protocol number [Protocol], which
// tells ours from the host's own after a crash, and a finite lifetime, the
// lease, so that the kernel removes the address by itself when nobody renews
// it. Before Linux 5.18 addresses have no protocol number; there, an address
// is ours when the caller names it and its lifetime is finite and, if it is an
// IPv6 address, deprecated.
//
// A route bears the protocol number too, on every kernel, but no lease: IPv4 has
// none. The kernel keeps the announcements of all other routes from the watcher
// (hearing_linux.go). Of some routes that go, with an address or a link, it tells
// nothing, so that whoever holds routes asks for them whenever anything changed.
// Rules of routing bear the number alike (FRA_PROTOCOL); the watcher does not follow
// them.
//
// Where the master must not accept packets to its addresses, a [Filter] drops
// them, in an nftables table of our own, behind the hooks of IPVS.
//
// The package never touches an address of the host, never decides who should
// hold an address, never sends a packet, and does not log.
//
// # Subnets of IPv4
//
// The kernel (net/ipv4/devinet.c) keeps one primary address for each subnet
// of a link and calls the others secondary. A virtual address in the host's
// own subnet is such a secondary: it brings no route of its own and leaves
// the host's connected route alone. Two consequences shape this package:
//
//   - A virtual address whose prefix lies inside a wider subnet of the host
//     (10.0.0.9/25 in 10.0.0.0/24) would bring a more specific route that
//     steals the host's own traffic, so it is added without its prefix route.
//   - Where promote_secondaries is 0, removing a primary address drops its
//     secondaries. [PromoteSecondaries] sets it where an address of ours shares a
//     subnet. Where that is refused, or not yet done, a virtual address vanishes
//     together with the host's primary, which the watcher reports like any other
//     removal. A release puts back whatever the kernel dropped beside the
//     released addresses.
//
// # IPv6
//
// An IPv6 virtual address (net/ipv6/addrconf.c) is claimed
//
//   - without duplicate address detection (IFA_F_NODAD), which would leave it
//     unusable for a second or more; the election says who has it;
//   - with a preferred lifetime of 0, which makes it deprecated (RFC 4862,
//     5.5.4): it serves all who ask for it, but where the host has another
//     address of the same scope it is not the source of the host's own
//     connections, which would break when the address moves;
//   - without its prefix route (IFA_F_NOPREFIXROUTE) when it is a single
//     address (/128) or the host has an address in the same subnet, whatever
//     its prefix length. The kernel would take our prefix route for the host's
//     own connected one, and where that has an end, as one from a router
//     advertisement has, replace it by the lease's. Only into a subnet of its
//     own does an address bring a route, which stays for the rest of the
//     lease when the address has gone.
//
// A link holds an IPv6 address once, under one prefix length. One of ours that
// has another than is claimed is replaced.
//
// With every IPv6 address claimed or renewed the kernel looks at all that the
// network namespace has (addrconf_verify_rtnl), so that the cost grows with the
// square of their number. That is why [Addresses.Renew] takes some at a time:
// BenchmarkThousand measures both.
//
// # Virtual MACs
//
// A link with a virtual MAC is a macvlan in mode VEPA. In mode private, which
// sends alike, the kernel (macvlan_handle_frame of drivers/net/macvlan.c) hands
// a multicast frame whose source is the MAC of a macvlan to that one alone: a
// master would be deaf to another master of its virtual router. The link is down
// unless it holds addresses. Its parent must not answer for them (arp_ignore) nor
// ask in their name (arp_announce); what these two settings of the parent's were
// is kept in the link's alias, and they are put back with the last link. In IPv6
// the kernel does neither by itself.
package netif
