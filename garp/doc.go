// Package garp owns the announcement of addresses: it builds gratuitous ARP
// frames and, for IPv6, unsolicited neighbour advertisements, decides when each
// address is announced, and sends many at once.
//
// The [Schedule] is pure: time is an argument, and it answers what to announce
// now. The [Sender] puts it on the wire. Neither decides who holds an address,
// and the package never receives a packet, never retries, and does not log.
package garp
