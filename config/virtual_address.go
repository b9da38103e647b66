package config

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"

	"github.com/zclconf/go-cty/cty"
)

// heldAddress is a virtual address. Link-local ones are told apart by their
// link, so that fe80::1 can be the gateway on several.
type heldAddress struct {
	address netip.Addr
	link    string
}

// on is a virtual address as it is held where the instance has this interface.
func (a Address) on(link string) heldAddress {
	held := heldAddress{address: a.Prefix.Addr()}
	if held.address.IsLinkLocalUnicast() {
		if held.link = a.Interface; held.link == "" {
			held.link = link
		}
	}
	return held
}

// scopes are the names of rtnetlink's scopes.
var scopes = map[string]uint8{"global": 0, "site": 200, "link": 253, "host": 254}

// readVirtualAddresses reads the addresses in their order: the list of short
// forms, then the blocks.
func (r *reader) readVirtualAddresses(b *block, link field[string]) field[[]field[Address]] {
	list := readList(r, b, "virtual_addresses", shortForm)
	blocks := b.blocks("virtual_address")
	if !b.tells("virtual_address") {
		r.mustBeGiven(b, "virtual_addresses", "the addresses that move between the directors", list.given)
	}
	if !list.given && len(blocks) > 0 {
		list.at, list.ok = blocks[0].labelAt, true
	}
	carrier := familyOfFirst(list.value, blocks)
	for _, inner := range blocks {
		a := r.readLongForm(inner, link, carrier)
		list.value = append(list.value, a)
		list.ok = list.ok && a.ok
	}
	r.checkDistinct(list.value, link)
	return list
}

// checkDistinct checks that an instance has no address twice, and none that a
// director has by itself.
func (r *reader) checkDistinct(list []field[Address], link field[string]) {
	seen := map[heldAddress]bool{}
	for i, a := range list {
		if !a.ok {
			continue
		}
		held := a.value.on(link.value)
		if seen[held] {
			r.fail(a.at, "Duplicate virtual address", fmt.Sprintf("%s is a virtual address of this instance already.", a.shown()))
			list[i].ok = false
		}
		seen[held] = true
		for _, d := range r.whole.directors {
			if d.Address == a.value.Prefix.Addr() {
				r.fail(a.at, "Invalid virtual address", fmt.Sprintf(
					"%s is director %q's address, which its adverts come from. A director that holds an address hears nothing from there, so no other could hold this one. Choose another, for an address owner (priority 255) too.", a.shown(), d.Name))
			}
		}
	}
}

func shortForm(v value) (Address, error) {
	p, err := virtualAddress(v)
	return Address{Prefix: p}, err
}

// familyOfFirst is that of the first address, which decides that of the adverts.
func familyOfFirst(short []field[Address], blocks []*block) family {
	if len(short) > 0 {
		return familyOfAdverts(field[[]field[Address]]{value: short})
	}
	if len(blocks) > 0 {
		if p, err := virtualAddress(blocks[0].labelValue()); err == nil {
			return familyOf(p.Addr())
		}
	}
	return unknown
}

// labelValue is a block's label as a value.
func (b *block) labelValue() value { return value{v: cty.StringVal(b.label), at: b.labelAt} }

// readLongForm reads a virtual_address block.
func (r *reader) readLongForm(b *block, link field[string], carrier family) field[Address] {
	a := parsed(r, "virtual_address", b.labelValue(), shortForm)
	own := readPerDirector(r, b, "interface", interfaceName)
	label := readPerDirector(r, b, "label", addressLabel)
	scope := read(r, b, "scope", oneOf([]string{"global", "site", "link", "host"}))
	advertise := read(r, b, "advertise", boolean).or(true)

	if own.given && own.ok && own.value != link.value {
		a.value.Interface = own.value
	}
	a.value.Label, a.value.Scope, a.value.Quiet = label.value, scopes[scope.value], !advertise.value
	if own.given {
		link = own
	}
	if label.ok && link.ok && !strings.HasPrefix(label.value, link.value) {
		r.fail(label.at, "Invalid label", fmt.Sprintf(
			"%s does not begin with the name of the interface, %s: write for example %q, or old tools would not list the address with the others of the interface.", label.shown(), link.shown(), computed(link.value+":vip", link.text)))
	}
	if !a.ok {
		return a
	}
	family := familyOf(a.value.Prefix.Addr())
	for _, f := range []field[string]{label, scope} {
		if family == ipv6 && f.given {
			r.fail(f.at, "Invalid virtual_address", fmt.Sprintf("%s is an IPv6 address; only IPv4 addresses have a label and a scope. Leave them out.", a.shown()))
		}
	}
	if advertise.given && advertise.value && carrier != unknown && family != carrier {
		r.fail(advertise.at, "Invalid advertise", fmt.Sprintf(
			"%s is not of the family of the adverts, %s, which is that of the first address: it moves along without being in them. Leave advertise out.", a.shown(), carrier))
	}
	return a
}

// addressLabel accepts what the kernel accepts as an address's label (IFNAMSIZ).
func addressLabel(v value) (string, error) {
	s, err := text(v)
	if err != nil {
		return "", err
	}
	bad := strings.ContainsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) })
	if s == "" || len(s) > 15 || bad {
		return "", complain("%s is not a label: 1 to 15 characters without space, of which the first are the interface's name.", v)
	}
	return s, nil
}
