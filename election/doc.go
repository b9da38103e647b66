// Package election is the VRRP half of a director: it runs the virtual routers,
// holds and announces their addresses, and gives them up in time. Run is the
// whole life of the election process.
//
// It owns the addresses it claims and nothing else of the host. It never reads a
// configuration file, never logs and never waits for the director: reports go
// through a bounded outbox, and a director that does not read them changes
// nothing in the election. When the link to the director closes, it leaves in
// good order.
package election
