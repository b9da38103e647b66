// Package discovery finds the addresses of real servers that are given by a DNS name
// (A and AAAA, or SRV) or by a file that another tool writes.
//
// It answers in whole: the servers that there are now, or why it could not tell. What
// to make of that is the caller's; so a failure never takes a server away. Nothing in a
// message or a file is believed beyond what it is asked for: its size, the number
// of servers and how often it is asked are bounded, and each address is one that
// packets can be sent to.
package discovery
