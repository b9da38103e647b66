package doctor

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/vrrp"
)

// player plays an advert through a chain and those that it calls. Where a rule looks at
// what is not known of it, such as its source, the rule counts as one that does not
// match, and the outcome as doubtful.
type player struct {
	ruleset
	advert advert
	chain  *nftables.Chain
	doubt  bool
	depth  int
}

// maxDepth is NFT_JUMP_STACK_SIZE of net/netfilter/nf_tables_core.c.
const maxDepth = 16

// drops tells whether the chain drops it.
func (p *player) drops() bool {
	switch p.play(chainName(p.chain)) {
	case expr.VerdictDrop:
		return true
	case expr.VerdictAccept:
		return false
	}
	return p.chain.Policy != nil && *p.chain.Policy == nftables.ChainPolicyDrop
}

// play is the verdict of a chain: drop, accept, or return, when it has none.
func (p *player) play(name string) expr.VerdictKind {
	if p.depth++; p.depth > maxDepth {
		return expr.VerdictReturn
	}
	defer func() { p.depth-- }()
	for _, rule := range p.rules[name] {
		verdict, target := p.rule(rule)
		switch verdict {
		case expr.VerdictDrop, expr.VerdictAccept, expr.VerdictReturn:
			return verdict
		case expr.VerdictJump, expr.VerdictGoto:
			called := p.play(calledName(rule, target))
			if called != expr.VerdictReturn || verdict == expr.VerdictGoto {
				return called
			}
		}
	}
	return expr.VerdictReturn
}

func calledName(rule *nftables.Rule, chain string) string {
	return chainName(&nftables.Chain{Name: chain, Table: rule.Table})
}

// rule is the verdict of a rule; continue when it has none, or does not match.
func (p *player) rule(rule *nftables.Rule) (expr.VerdictKind, string) {
	registers := map[uint32][]byte{} // those that are known
	sure := true
	for _, e := range rule.Exprs {
		switch e := e.(type) {
		case *expr.Meta:
			registers[e.Register] = p.meta(e)
		case *expr.Payload:
			registers[e.DestRegister] = p.payload(e)
		case *expr.Ct:
			registers[e.Register] = nil
			if e.Key == expr.CtKeySTATE { // nobody answers an advert: it is always new (NF_CT_STATE_BIT)
				registers[e.Register] = binary.NativeEndian.AppendUint32(nil, 8)
			}
		case *expr.Bitwise:
			registers[e.DestRegister] = mask(registers[e.SourceRegister], e)
		case *expr.Cmp:
			switch value := registers[e.Register]; {
			case value == nil:
				sure = false
			case !compare(value, e):
				return expr.VerdictContinue, ""
			}
		case *expr.Lookup:
			switch in, known := p.lookup(rule.Table, e, registers[e.SourceRegister]); {
			case !known:
				sure = false
			case in == e.Invert:
				return expr.VerdictContinue, ""
			}
		case *expr.Counter, *expr.Log:
		case *expr.Reject:
			return p.outcome(expr.VerdictDrop, sure), ""
		case *expr.Verdict:
			return p.outcome(e.Kind, sure), e.Chain
		default:
			sure = false
		}
	}
	return expr.VerdictContinue, ""
}

// outcome of a rule of which it is not sure that it matches is a doubt.
func (p *player) outcome(kind expr.VerdictKind, sure bool) expr.VerdictKind {
	if sure {
		return kind
	}
	p.doubt = true
	return expr.VerdictContinue
}

// meta is what is known of the advert beside its bytes; nil: nothing.
func (p *player) meta(e *expr.Meta) []byte {
	switch {
	case e.Key == expr.MetaKeyL4PROTO:
		return []byte{vrrp.Protocol}
	case e.Key == expr.MetaKeyIIFNAME && !p.advert.out, e.Key == expr.MetaKeyOIFNAME && p.advert.out:
		return append([]byte(p.advert.link), make([]byte, unix.IFNAMSIZ-len(p.advert.link))...)
	case e.Key == expr.MetaKeyIIF && !p.advert.out, e.Key == expr.MetaKeyOIF && p.advert.out:
		return binary.NativeEndian.AppendUint32(nil, uint32(p.advert.index))
	case e.Key == expr.MetaKeyPKTTYPE && !p.advert.out && !p.advert.peer.IsValid():
		return []byte{unix.PACKET_MULTICAST}
	case e.Key == expr.MetaKeyPKTTYPE && !p.advert.out:
		return []byte{unix.PACKET_HOST}
	case e.Key == expr.MetaKeyNFPROTO && p.advert.ipv6:
		return []byte{unix.NFPROTO_IPV6}
	case e.Key == expr.MetaKeyNFPROTO:
		return []byte{unix.NFPROTO_IPV4}
	}
	return nil
}

// payload is what the header has at a place, if all of it is known.
func (p *player) payload(e *expr.Payload) []byte {
	header, known := p.advert.header()
	end := int(e.Offset + e.Len)
	if e.Base != expr.PayloadBaseNetworkHeader || end > len(header) || slices.Contains(known[e.Offset:end], 0) {
		return nil
	}
	return header[e.Offset:end]
}

func mask(value []byte, e *expr.Bitwise) []byte {
	if len(value) == 0 || len(value) != len(e.Mask) || len(value) != len(e.Xor) {
		return nil
	}
	masked := make([]byte, len(value))
	for i := range value {
		masked[i] = value[i]&e.Mask[i] ^ e.Xor[i]
	}
	return masked
}

// compare tells whether a comparison holds. A name of an interface with an asterisk is
// compared as far as it goes.
func compare(value []byte, e *expr.Cmp) bool {
	order := bytes.Compare(value[:min(len(value), len(e.Data))], e.Data)
	switch e.Op {
	case expr.CmpOpEq:
		return order == 0
	case expr.CmpOpNeq:
		return order != 0
	case expr.CmpOpLt:
		return order < 0
	case expr.CmpOpLte:
		return order <= 0
	case expr.CmpOpGt:
		return order > 0
	default:
		return order >= 0
	}
}

// lookup tells whether a value is in a set of single values.
func (p *player) lookup(table *nftables.Table, e *expr.Lookup, value []byte) (in, known bool) {
	set, err := p.conn.GetSetByName(table, e.SetName)
	if value == nil || err != nil || set.Interval || set.Concatenation || set.IsMap {
		return false, false
	}
	elements, err := p.conn.GetSetElements(set)
	if err != nil {
		return false, false
	}
	return slices.ContainsFunc(elements, func(e nftables.SetElement) bool { return bytes.Equal(e.Key, value) }), true
}
