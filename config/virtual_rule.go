package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// mainPriority is that of the kernel's rule that leads to the table main
// (net/ipv4/fib_rules.c). What comes after it hardly ever counts.
const mainPriority = 32766

// ruleKey is what tells rules of hald apart.
type ruleKey struct {
	ipv6     bool
	priority uint32
}

// mark is what a packet's mark is compared with.
type mark struct{ value, mask uint32 }

// readRules reads the virtual_rule blocks.
func (r *reader) readRules(b *block) (list []field[Rule]) {
	for _, inner := range b.blocks("virtual_rule") {
		list = append(list, r.readRule(inner))
	}
	return list
}

func (r *reader) readRule(b *block) field[Rule] {
	r.checkLabel(b)
	from := read(r, b, "from", ruleNetwork)
	to := read(r, b, "to", ruleNetwork)
	iif := readPerDirector(r, b, "iif", interfaceName)
	oif := readPerDirector(r, b, "oif", interfaceName)
	fwmark := read(r, b, "fwmark", packetMark)
	table := need(r, b, "table", "the number of the routing table that it leads to", integer(1, 1<<32-1))
	priority := need(r, b, "priority", "when it is asked among the host's rules: the lowest is first", integer(1, mainPriority-1))

	f := field[Rule]{at: priority.at, text: priority.text, given: true, ok: priority.given && priority.ok && sound(table) && sound(from) && sound(to)}
	f.value = Rule{
		Input: iif.value, Output: oif.value, Mark: fwmark.value.value, Mask: fwmark.value.mask,
		Table: uint32(table.value), Priority: uint32(priority.value),
	}
	if !from.given && !to.given && !iif.given && !oif.given && !fwmark.given {
		r.fail(b.at, "Invalid virtual_rule", fmt.Sprintf(
			"%s has none of from, to, iif, oif and fwmark: every packet would go by its table. Write from = \"0.0.0.0/0\" if that is meant.", b.title()))
		f.ok = false
	}
	if from.given && to.given && from.ok && to.ok && familyOf(from.value.Addr()) != familyOf(to.value.Addr()) {
		r.fail(to.at, "Invalid to", fmt.Sprintf("%s is not of the family of %s, which the rule is from.", to.shown(), from.shown()))
		f.ok = false
	}
	for _, p := range []struct {
		of field[netip.Prefix]
		to *netip.Prefix
	}{{from, &f.value.From}, {to, &f.value.To}} {
		if !p.of.given || !p.of.ok {
			continue
		}
		f.value.IPv6 = familyOf(p.of.value.Addr()) == ipv6
		if p.of.value.Bits() > 0 { // the kernel's any
			*p.to = p.of.value
		}
	}
	return f
}

// sound tells whether nothing wrong was said.
func sound[T any](f field[T]) bool { return f.ok || !f.given }

// ruleNetwork accepts NETWORK/PREFIX or the address of one host.
func ruleNetwork(v value) (netip.Prefix, error) {
	s, err := text(v)
	if err != nil {
		return netip.Prefix{}, err
	}
	if a, err := netip.ParseAddr(s); err == nil {
		if _, err := parseHost(s, v); err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return routeNetwork(v)
}

// packetMark accepts VALUE or VALUE/MASK, as iproute2 writes them.
func packetMark(v value) (mark, error) {
	s, err := text(v)
	if err != nil {
		n, err := integer(1, 1<<32-1)(v)
		return mark{uint32(n), 1<<32 - 1}, err
	}
	first, second, masked := strings.Cut(s, "/")
	m := mark{mask: 1<<32 - 1}
	n, err := strconv.ParseUint(first, 0, 32)
	m.value = uint32(n)
	if masked && err == nil {
		n, err = strconv.ParseUint(second, 0, 32)
		m.mask = uint32(n)
	}
	switch {
	case err != nil || m.mask == 0:
		return m, complain("%s is not a mark; write a number such as 5, \"0x5\" or, with a mask, \"0x5/0xff\".", v)
	case m.value&^m.mask != 0:
		return m, complain("%s has bits outside its mask: no packet has this mark.", v)
	}
	return m, nil
}

// checkRules reports two rules of one priority, of which the first that was made
// would be asked first.
func (r *reader) checkRules(instances []instance) {
	seen := map[ruleKey]string{}
	for _, in := range instances {
		for _, f := range in.rules {
			if !f.ok {
				continue
			}
			key := ruleKey{f.value.IPv6, f.value.Priority}
			if other, taken := seen[key]; taken {
				r.fail(f.at, "Duplicate priority", fmt.Sprintf(
					"A virtual_rule of vrrp_instance %q has the priority %s already, in the same family. Give each its own, so that it is certain which is asked first.", other, f.shown()))
				continue
			}
			seen[key] = in.Name
		}
	}
}
