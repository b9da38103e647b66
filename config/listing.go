package config

import "net/netip"

// listing is one virtual server on the list: a block to be read, a piece of text to be parsed
// before that, or one that is known.
type listing struct {
	block   *block
	piece   *piece
	service *Service
}

// listed are all virtual servers in the order of the text.
func (r *reader) listed(root *block) (all []listing) {
	blocks := root.nested["virtual_server"]
	if r.source.list != nil {
		r.source.unsure = len(blocks) > 0
		return r.source.list
	}
	for _, b := range blocks {
		all = append(all, listing{block: b})
	}
	return all
}

func (l listing) name() string {
	switch {
	case l.block != nil:
		return l.block.label
	case l.piece != nil:
		return l.piece.label
	}
	return l.service.Name
}

// known is a virtual server that was read before, without the places in the text: whatever
// there is to say of it is said by reading it again.
func (l listing) known() (sv service, protocol field[string]) {
	if l.service == nil {
		return sv, protocol
	}
	sv.Service = *l.service
	for _, a := range sv.Addresses {
		sv.addresses = append(sv.addresses, field[netip.AddrPort]{value: a, given: true, ok: true})
		sv.families = append(sv.families, familyOf(a.Addr()))
	}
	if sv.Mark != 0 {
		sv.mark = field[int]{value: int(sv.Mark), given: true, ok: true}
		sv.families = []family{map[bool]family{false: ipv4, true: ipv6}[sv.IPv6]}
	}
	return sv, field[string]{value: sv.Protocol, ok: true}
}
