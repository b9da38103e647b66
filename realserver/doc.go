// Package realserver is a real server's side of forwarding without NAT. A packet
// that a director forwards by direct routing or through a tunnel still has the
// virtual address as its destination, so the real server must take the address as its
// own and yet be silent about it: whoever asks the link for it must hear the master
// alone.
//
// What that takes is a list of things, each with a name and a value: two settings of
// ARP, for a tunnel a device, and the addresses on lo. [Plan] compares the list
// with what the machine has, and with a record of what was changed before, so that
// every change can be taken back: a thing that was right already is not ours and stays,
// and one that somebody changed after us stays as they left it. The record lies in a
// folder that a reboot empties, as a reboot does away with the changes.
//
// Neighbour discovery needs no setting: for an IPv6 address on lo the kernel answers no
// solicitation from another link (ndisc_recv_ns of net/ipv6/ndisc.c looks on
// the link that was asked).
package realserver
