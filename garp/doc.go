// Package garp owns what is said of addresses on a link: it builds gratuitous ARP
// frames and, for IPv6, unsolicited neighbour advertisements, decides when each
// address is announced, sends many at once, and hears who else claims them.
//
// The [Schedule] and the [Vigil] are pure: time is an argument, and they answer
// what to announce now, and what to make of what others say. The [Sender] puts
// frames on the wire, the [Listener] takes them from there. None decides who
// holds an address, and the package never retries and does not log.
package garp
