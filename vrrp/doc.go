// Package vrrp is the election: the VRRP wire formats of versions 2 and 3, the state
// machine of a virtual router, or of several that are master together, the loop
// that runs it on its links, and the Linux socket under that loop.
//
// It owns what is said and heard on the wire and the decision who is master.
// It never touches an address, an ARP frame or a log: those are the business of
// the Addresses and Observer that its caller provides (package election).
//
// # Words
//
// The words are those of RFC 9568, except that the states Active and Backup are
// called Master and Backup, as RFC 5798 and the field do. So Active_Down_Interval
// is DownInterval here, and Active_Adver_Interval is the interval heard from the
// master.
//
// # Map of RFC 9568
//
//	5.1    IP header: TTL, protocol, destination       packet.go
//	5.2    message format, checksum                    advertisement.go, version3.go, checksum.go
//	6.1    Skew_Time, Active_Down_Interval             timers.go
//	6.3    states                                      machine.go
//	6.4    state descriptions                          machine.go, master.go
//	7.1    receiving an advertisement                  advertisement.go, packet.go, conn_linux.go
//	7.2    transmitting an advertisement               conn_linux.go
//
// Version 2 (RFC 3768) differs in its messages (version2.go), in a skew that is a
// part of a second (timers.go), and in that another interval is a reason to
// discard (router.go).
//
// # Beyond the standard
//
// The machine differs from the RFC in five deliberate points, each of which
// narrows what can go wrong and none of which a peer can see as a violation:
//
//   - A master that leaves in good order sends its priority-0 advertisement and
//     goes on answering until its successor is heard, for one interval at most
//     (state Leaving). Addresses are never nowhere while a peer can serve them.
//   - A master whose loop was late by more than the down interval gives up its
//     addresses before it looks at anything else.
//   - A master that yields says so by one more advertisement of its own, which the
//     better one answers by announcing the addresses again: after a partition it
//     may not know that there was another.
//   - The interval learned from the wire is limited to MaxLearned times our own.
//   - Answers to losing advertisements and to resignations are limited to
//     MaxAnswers an interval.
//
// # Groups
//
// Several virtual routers on links of their own can hold one election (a sync
// group): one Machine, one timer, a Conn for each. All adverts leave in one
// stretch, after the addresses of all were claimed and before any is announced.
// An advertisement on any link keeps the master alive, makes it yield, or lets it
// leave: who speaks on one link has claimed on all. A fault of one is the fault of
// all. What a link cannot decide is a tie; see tie.go.
package vrrp
