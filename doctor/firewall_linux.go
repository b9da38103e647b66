package doctor

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
)

// tableFamilies are those that see packets of IP, as nft calls them.
var tableFamilies = map[nftables.TableFamily]string{
	nftables.TableFamilyINet: "inet", nftables.TableFamilyIPv4: "ip", nftables.TableFamilyIPv6: "ip6",
}

// walls plays an advert of every instance through the rules of nftables, those that
// iptables keeps there among them, and finds where it is dropped; and the chains that
// judge what is forwarded by the state of connections. A kernel without nf_tables has
// neither.
func walls(c *config.Config, links netif.Links) (dropping, stateful []Wall, err error) {
	conn, err := nftables.New()
	if err != nil {
		return nil, nil, err
	}
	chains, err := conn.ListChains()
	if err != nil {
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.ENOENT) {
			return nil, nil, nil
		}
		return nil, nil, err
	}
	r := ruleset{conn: conn, rules: map[string][]*nftables.Rule{}}
	for _, chain := range chains {
		if r.rules[chainName(chain)], err = conn.GetRules(chain.Table, chain); err != nil {
			return nil, nil, err
		}
	}
	for _, chain := range chains {
		if chain.Hooknum == nil || tableFamilies[chain.Table.Family] == "" {
			continue
		}
		switch *chain.Hooknum {
		case *nftables.ChainHookInput, *nftables.ChainHookOutput, *nftables.ChainHookPrerouting, *nftables.ChainHookPostrouting:
			dropping = append(dropping, r.dropping(c, links, chain)...)
		}
		if r.stateful(chain) {
			stateful = append(stateful, Wall{Chain: chainName(chain)})
		}
	}
	return dropping, stateful, nil
}

func chainName(c *nftables.Chain) string {
	return fmt.Sprintf("%s %s %s", tableFamilies[c.Table.Family], c.Table.Name, c.Name)
}

// ruleset is what the kernel has, by the names of the chains.
type ruleset struct {
	conn  *nftables.Conn
	rules map[string][]*nftables.Rule
}

// dropping is where a chain at a hook drops an instance's adverts.
func (r ruleset) dropping(c *config.Config, links netif.Links, chain *nftables.Chain) (all []Wall) {
	out := *chain.Hooknum == *nftables.ChainHookOutput || *chain.Hooknum == *nftables.ChainHookPostrouting
	seen := map[Wall]bool{}
	for _, in := range c.Instances {
		for _, a := range adverts(in, links[in.Interface], out) {
			if a.ipv6 && chain.Table.Family == nftables.TableFamilyIPv4 || !a.ipv6 && chain.Table.Family == nftables.TableFamilyIPv6 {
				continue
			}
			p := player{ruleset: r, advert: a, chain: chain}
			if !p.drops() {
				continue
			}
			wall := Wall{Interface: in.Interface, Out: out, Chain: chainName(chain), IPv6: a.ipv6, Sure: !p.doubt}
			if !seen[wall] {
				seen[wall] = true
				all = append(all, wall)
			}
		}
	}
	return all
}

// stateful tells whether a chain drops forwarded packets by the state of their
// connection.
func (r ruleset) stateful(chain *nftables.Chain) bool {
	if *chain.Hooknum != *nftables.ChainHookForward && *chain.Hooknum != *nftables.ChainHookOutput {
		return false
	}
	state, drop := false, chain.Policy != nil && *chain.Policy == nftables.ChainPolicyDrop
	for _, rule := range r.rules[chainName(chain)] {
		for _, e := range rule.Exprs {
			ct, is := e.(*expr.Ct)
			state = state || is && ct.Key == expr.CtKeySTATE
			verdict, is := e.(*expr.Verdict)
			drop = drop || is && verdict.Kind == expr.VerdictDrop
		}
	}
	return state && drop
}

// advert is one as far as rules may look at it.
type advert struct {
	link  string
	index int // the link's
	out   bool
	ipv6  bool
	peer  netip.Addr // where it comes from or goes to; zero: to the multicast group, from whomever
}

// adverts are those that an instance hears, or speaks.
func adverts(in config.Instance, l netif.Link, out bool) (all []advert) {
	a := advert{link: in.Interface, index: l.Index, out: out, ipv6: isIPv6(in)}
	if len(in.Peers) == 0 {
		return []advert{a}
	}
	for _, a.peer = range in.Peers {
		all = append(all, a)
	}
	return all
}

// header is that of the packet, and which bytes of it are known.
func (a advert) header() (bytes, known []byte) {
	mark := func(at int, values []byte) {
		copy(bytes[at:], values)
		for i := range values {
			known[at+i] = 1
		}
	}
	if a.ipv6 {
		bytes, known = make([]byte, 40), make([]byte, 40)
		mark(0, []byte{6<<4 | 0xc})
		mark(6, []byte{vrrp.Protocol, 255})
		mark(a.place(8, 24, vrrp.Group6))
		return bytes, known
	}
	bytes, known = make([]byte, 20), make([]byte, 20)
	mark(0, []byte{0x45, 0xc0})
	mark(8, []byte{255, vrrp.Protocol})
	mark(a.place(12, 16, vrrp.Group4))
	return bytes, known
}

// place is the address that is known, and where it stands in the header.
func (a advert) place(source, destination int, group netip.Addr) (at int, address []byte) {
	switch {
	case !a.peer.IsValid():
		return destination, group.AsSlice()
	case a.out:
		return destination, a.peer.AsSlice()
	}
	return source, a.peer.AsSlice()
}
