package balancer

import (
	"crypto/sha256"
	"encoding/json"
	"net/netip"
)

// checkID is a check's identity: equal checks have equal ones. It is a digest,
// and not the text of the check, because there are some for each server.
type checkID [sha256.Size / 2]byte

func identify(c Check) checkID { return kindOf(c).at(c.Target) }

// kindOf is what checks that differ in their targets alone have in common.
func kindOf(c Check) checkID {
	c.Target = netip.AddrPort{}
	b, err := json.Marshal(c)
	if err != nil {
		panic("balancer: a check has no JSON form: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return checkID(sum[:])
}

// at is the identity of a check of this kind with a target.
func (k checkID) at(target netip.AddrPort) checkID {
	var room [64]byte
	b, _ := target.AppendBinary(append(room[:0], k[:]...))
	sum := sha256.Sum256(b)
	return checkID(sum[:])
}

// checks are those that a configuration names, by their identity.
type checks struct {
	all   map[checkID]aimed
	kinds map[*Check]checkID // of those that were looked at: servers that are alike share them
}

// aimed is a check with its target. Ten thousand of them are one check, mostly.
type aimed struct {
	check  *Check // whose own target does not count
	kind   checkID
	target netip.AddrPort
}

func (a aimed) whole() Check {
	c := *a.check
	c.Target = a.target
	return c
}

func newChecks() checks { return checks{make(map[checkID]aimed), make(map[*Check]checkID)} }

// note is a check's identity, under which it is found from then on. The check is not changed any more.
func (c checks) note(check *Check, target netip.AddrPort) checkID {
	kind, known := c.kinds[check]
	if !known {
		kind = kindOf(*check)
		c.kinds[check] = kind
	}
	id := kind.at(target)
	c.all[id] = aimed{check, kind, target}
	return id
}
