package config

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// instance is an Instance with the places its later checks point at.
type instance struct {
	Instance
	block     *block
	family    family // of the adverts
	terms     terms
	addresses []field[Address]
	routes    []field[Route]
	rules     []field[Rule]
}

// readInstances reads all vrrp_instance blocks and compares them.
func (r *reader) readInstances(root *block) []instance {
	var defaults *block
	if d := root.nested["vrrp_defaults"]; len(d) > 0 {
		defaults = d[0].asDefaults()
		r.readInstance(defaults)
	}
	var all []instance
	names := map[string]hcl.Range{}
	routers := map[string]field[int]{}
	addresses := map[heldAddress]string{}
	for _, b := range root.nested["vrrp_instance"] {
		r.checkLabel(b)
		r.unique(names, b.label, b.labelAt, "Duplicate vrrp_instance")
		in, vrid, link := r.readInstance(b.withDefaults(defaults))
		all = append(all, in)
		if vrid.ok && link.ok && in.family != unknown {
			key := fmt.Sprintf("%s/%s/%d", in.Interface, in.family, in.VRID)
			if other, taken := routers[key]; taken {
				r.fail(vrid.at, "Duplicate virtual_router_id", fmt.Sprintf(
					"Another %s instance on the same interface has this virtual_router_id, at %s. Peers tell virtual routers on a link apart by it.", in.family, position(other.at)))
			} else {
				routers[key] = vrid
			}
		}
		for _, a := range in.addresses {
			if !a.ok {
				continue
			}
			held := a.value.on(in.Interface)
			if other, taken := addresses[held]; taken {
				r.fail(a.at, "Duplicate virtual address", fmt.Sprintf("%s is already a virtual address of vrrp_instance %q.", a.shown(), other))
			} else {
				addresses[held] = b.label
			}
		}
	}
	r.checkRoutes(all)
	r.checkRules(all)
	return all
}

// readInstance reads one vrrp_instance, or the defaults for them.
func (r *reader) readInstance(b *block) (in instance, vrid field[int], link field[string]) {
	in.block = b
	in.Name = b.label
	link = needPerDirector(r, b, "interface", "the link the adverts go over and the addresses are on", interfaceName)
	vrid = need(r, b, "virtual_router_id", "a number from 1 to 255 that is the same on all directors and on nothing else on the link", integer(1, 255))
	priority := readPerDirector(r, b, "priority", priority).or(100)
	r.checkOwner(b, priority)
	addresses := r.readVirtualAddresses(b, link)

	in.Interface = link.value
	in.VRID = uint8(vrid.value)
	in.Priority = uint8(priority.value)
	in.addresses = addresses.value
	for _, a := range addresses.value {
		in.Addresses = append(in.Addresses, a.value)
	}
	in.family = familyOfAdverts(addresses)
	version, interval := r.readAdverts(b, addresses, &in)
	in.terms.priority, in.terms.interval = priority, interval
	r.readAuthentication(b, version, &in)
	r.readPreemption(b, &in)
	mac := read(r, b, "virtual_mac", boolean).or(false)
	in.VirtualMAC = mac.value
	switch {
	case b.defaults || !mac.value:
	case len(in.Peers) > 0:
		r.fail(mac.at, "Invalid virtual_mac", fmt.Sprintf(
			"%s is unicast: its adverts would not tell the switches at which port the virtual MAC is. Leave one of the two out.", b.title()))
	case priority.value == owner:
		r.fail(mac.at, "Invalid virtual_mac", fmt.Sprintf(
			"%s has priority 255: the addresses are the director's own, and have the MAC of its interface. Leave one of the two out.", b.title()))
	}
	in.NoAccept = !read(r, b, "accept", boolean).or(true).value
	in.Lease = r.readLease(b, version, interval, priority)
	in.OnConflict = r.readOnConflict(b, interval)
	in.terms.onSplit = read(r, b, "on_split", oneOf([]string{"report", "yield"})).or("report")
	in.OnSplit = in.terms.onSplit.value
	in.Announce = r.readAnnounce(b)
	in.Trackers = r.readTrackers(b, priority)
	in.routes = r.readRoutes(b, &in)
	for _, f := range in.routes {
		in.Routes = append(in.Routes, f.value)
	}
	in.rules = r.readRules(b)
	for _, f := range in.rules {
		in.Rules = append(in.Rules, f.value)
	}
	return in, vrid, link
}

// needPerDirector is readPerDirector for an attribute that must be there.
func needPerDirector[T any](r *reader, b *block, name, why string, parse func(value) (T, error)) field[T] {
	f := readPerDirector(r, b, name, parse)
	r.mustBeGiven(b, name, why, f.given)
	return f
}

// maxDelay bounds preempt_delay and start_delay: longer is a mistyped unit.
const maxDelay = time.Hour

// readPreemption reads when a director takes over from a live master, and when
// it begins to take part.
func (r *reader) readPreemption(b *block, in *instance) {
	preempt := read(r, b, "preempt", boolean).or(true)
	delay := read(r, b, "preempt_delay", duration(0, maxDelay, time.Millisecond)).or(0)
	in.terms.preempt, in.terms.preemptDelay = preempt, delay
	in.NoPreempt = !preempt.value
	in.PreemptDelay = delay.value
	in.StartDelay = read(r, b, "start_delay", duration(0, maxDelay, time.Millisecond)).or(0).value
	if !b.defaults && preempt.ok && !preempt.value && delay.ok && delay.value > 0 {
		r.fail(delay.at, "Invalid preempt_delay", fmt.Sprintf(
			"%s never preempts (preempt = false), so there is nothing that %s could delay. Leave preempt_delay out, or write \"0s\".", b.title(), delay.shown()))
	}
}

// shortestHold is the shortest interval in which an answer about the addresses is there before
// they are claimed.
const shortestHold = 50 * time.Millisecond

// readOnConflict reads what becomes of addresses that a stranger has.
func (r *reader) readOnConflict(b *block, interval field[time.Duration]) string {
	policy := read(r, b, "on_conflict", oneOf([]string{"claim", "hold"})).or("claim")
	if !b.defaults && policy.value == "hold" && interval.ok && interval.value < shortestHold {
		r.fail(policy.at, "Invalid on_conflict", fmt.Sprintf(
			"%s has an advertisement_interval below %s: who has the addresses would be known too late. Choose a longer one, or \"claim\".", b.title(), shortestHold))
	}
	for _, d := range r.whole.directors {
		if !b.defaults && policy.value == "hold" && !d.Address.IsValid() && len(r.whole.directors) > 1 {
			r.source.warn(&policy.at, "Director without address", fmt.Sprintf(
				"Addresses are left to strangers, and director %q may be taken for one: without its address nobody who starts after it was killed can know that its kernel still has them rightly. Give the director its address.", d.Name))
		}
	}
	return policy.value
}

// priority explains the value that RFC 9568, 5.2.4 reserves for the end.
func priority(v value) (int, error) {
	n, err := integer(0, 255)(v)
	switch {
	case err != nil:
		_, err = integer(1, 255)(v)
		return 0, err
	case n == 0:
		return 0, complain("Priority 0 is what a master says when it stops; a director's own priority is 1 to 254, or 255 for the address owner.")
	}
	return n, nil
}

// readAnnounce reads the gratuitous_arp block, attribute by attribute on top
// of the defaults' one.
func (r *reader) readAnnounce(b *block) Announce {
	g := b.only("gratuitous_arp")
	if b.fallback != nil {
		g.fallback = b.fallback.only("gratuitous_arp")
	}
	return Announce{
		Count:    read(r, g, "count", integer(1, 100)).or(5).value,
		Delay:    read(r, g, "delay", duration(0, time.Hour, time.Millisecond)).or(5 * time.Second).value,
		Refresh:  read(r, g, "refresh", duration(0, 24*time.Hour, time.Millisecond)).or(60 * time.Second).value,
		Interval: read(r, g, "interval", duration(0, 10*time.Second, time.Microsecond)).or(0).value,
	}
}
