package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// ErrNoFilter is what the kernel says without nf_tables.
var ErrNoFilter = errors.New("the kernel has no nf_tables")

const (
	// tablePrefix begins the name of every table of ours and of nobody else's.
	tablePrefix = "hald-no-accept-"

	// afterIPVS is behind the hooks with which IPVS takes its packets out of the
	// input path (98 and 99, net/netfilter/ipvs/ip_vs_core.c): what gets so far
	// is the node's own.
	afterIPVS = nftables.ChainPriority(110)

	// filterBound ends the wait for an answer that the kernel does not give.
	filterBound = time.Second

	// perMessage is how many elements go into one netlink attribute of 64 KiB.
	perMessage = 500

	neighbourSolicitation  = 135 // RFC 4861, 4.3
	neighbourAdvertisement = 136 // RFC 4861, 4.4
)

// Filter keeps the node from accepting packets that are addressed to virtual
// addresses (RFC 9568, 6.1: Accept_Mode False). What IPVS forwards is not
// concerned, nor are ARP, neighbour solicitations and advertisements. Each
// name has tables of its own, one for IPv4 and one for IPv6, so nothing is
// shared and nothing is remembered; a Filter may be used by several goroutines.
// It works in the network namespace of the calling thread and needs
// CAP_NET_ADMIN. Errors wrap [ErrNoFilter] or [ErrPermission] where they mean that.
type Filter struct{}

// Closed is an address to which packets are refused.
type Closed struct {
	Interface string // that holds it; a link-local address is closed there alone, others wherever packets come in
	Address   netip.Addr
}

// families are those that have a table. Kernels may be without the one that
// stands for both (CONFIG_NF_TABLES_INET).
var families = []nftables.TableFamily{nftables.TableFamilyIPv4, nftables.TableFamilyIPv6}

// Refuse has the kernel drop what is addressed to these, all or nothing, in place
// of what it dropped for that name and their families until now.
//
// Where nothing was dropped it takes a millisecond or two. A replacement takes
// ten times as long, in which the kernel waits until nobody uses the old tables.
func (Filter) Refuse(name string, closed []Closed) error {
	err := change("refuse packets", func(c *nftables.Conn) error { return refuse(c, name, closed) })
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	return change("refuse packets", func(c *nftables.Conn) error {
		for _, family := range familiesOf(closed) {
			t := tableOf(name, family)
			c.AddTable(t) // so that there is one to delete
			c.DelTable(t)
		}
		return refuse(c, name, closed)
	})
}

// Refuses tells whether the rules are there that Refuse made for these.
func (Filter) Refuses(name string, closed []Closed) (bool, error) {
	c, err := connect()
	if err != nil {
		return false, err
	}
	drops := 0
	for _, family := range families {
		t := tableOf(name, family)
		rules, err := c.GetRules(t, chain(t)) // none where there is no such table
		if err != nil {
			return false, fmt.Errorf("look for refusing rules: %w", meaningOf(err))
		}
		for _, r := range rules {
			for _, e := range r.Exprs {
				if v, ok := e.(*expr.Verdict); ok && v.Kind == expr.VerdictDrop {
					drops++
				}
			}
		}
	}
	return drops == len(groups(closed)), nil
}

// Admit is the end of Refuse; that nothing was refused is success.
func (Filter) Admit(name string) error {
	tables, err := ourTables()
	if errors.Is(err, ErrNoFilter) {
		return nil
	}
	if err != nil {
		return err
	}
	return change("admit packets", func(c *nftables.Conn) error {
		for _, t := range tables {
			if t.Name == tablePrefix+name {
				c.DelTable(t)
			}
		}
		return nil
	})
}

// Refused lists the names for which packets are refused, whoever did it.
func (Filter) Refused() (names []string, err error) {
	tables, err := ourTables()
	for _, t := range tables {
		if name := strings.TrimPrefix(t.Name, tablePrefix); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, err
}

// ourTables lists the tables that bear our names.
func ourTables() ([]*nftables.Table, error) {
	c, err := connect()
	if err != nil {
		return nil, err
	}
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyUnspecified)
	if err != nil {
		return nil, fmt.Errorf("look for refusing rules: %w", meaningOf(err))
	}
	return slices.DeleteFunc(tables, func(t *nftables.Table) bool {
		return !strings.HasPrefix(t.Name, tablePrefix) || !slices.Contains(families, t.Family)
	}), nil
}

// Able tells why the kernel would not Refuse, by having it check tables that are
// deleted in the same transaction.
func (f Filter) Able(name string, closed []Closed) error {
	if _, err := f.Refused(); err != nil { // where nf_tables is missing, only a question is answered at once
		return err
	}
	return change("try to refuse packets", func(c *nftables.Conn) error {
		name := name + "?"
		if err := refuse(c, name, closed); err != nil {
			return err
		}
		for _, family := range familiesOf(closed) {
			c.DelTable(tableOf(name, family))
		}
		return nil
	})
}

func connect() (*nftables.Conn, error) {
	return nftables.New(nftables.WithSockOptions(func(c *netlink.Conn) error {
		return c.SetDeadline(time.Now().Add(filterBound))
	}))
}

// change makes one transaction of what say says.
func change(what string, say func(*nftables.Conn) error) error {
	c, err := connect()
	if err != nil {
		return err
	}
	if err := say(c); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("%s: %w", what, meaningOf(err))
	}
	return nil
}

// meaningOf takes the first of the kernel's answers; the others follow from it.
func meaningOf(err error) error {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return err
	}
	switch errno {
	case unix.EOPNOTSUPP, unix.EPROTONOSUPPORT, unix.EAFNOSUPPORT:
		return fmt.Errorf("%w (%w)", ErrNoFilter, errno)
	case unix.EPERM:
		return fmt.Errorf("%w (%w)", ErrPermission, errno)
	}
	return errno
}

func tableOf(name string, family nftables.TableFamily) *nftables.Table {
	return &nftables.Table{Name: tablePrefix + name, Family: family}
}

func chain(t *nftables.Table) *nftables.Chain {
	priority := afterIPVS
	return &nftables.Chain{
		Name: "input", Table: t, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookInput, Priority: &priority,
	}
}

// refuse says how the tables are made. Neighbour discovery passes (RFC 9568,
// 6.4.3: "MUST NOT drop"), what else goes to the addresses does not.
func refuse(c *nftables.Conn, name string, closed []Closed) error {
	chains := map[nftables.TableFamily]*nftables.Chain{}
	for _, family := range familiesOf(closed) {
		t := tableOf(name, family)
		chains[family] = c.AddChain(chain(c.CreateTable(t)))
		if family == nftables.TableFamilyIPv6 {
			c.AddRule(&nftables.Rule{Table: t, Chain: chains[family], Exprs: discovery})
		}
	}
	for _, g := range groups(closed) {
		in := chains[g.family]
		set := &nftables.Set{Table: in.Table, Name: g.name, KeyType: g.key}
		if err := c.AddSet(set, nil); err != nil {
			return err
		}
		for some := range slices.Chunk(g.elements, perMessage) {
			if err := c.SetAddElements(set, some); err != nil {
				return err
			}
		}
		var match []expr.Any
		if g.link != "" {
			match = append(match,
				&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1},
				&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: append([]byte(g.link), make([]byte, unix.IFNAMSIZ-len(g.link))...)})
		}
		c.AddRule(&nftables.Rule{Table: in.Table, Chain: in, Exprs: append(match,
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: g.offset, Len: g.key.Bytes},
			&expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID},
			&expr.Counter{},
			&expr.Verdict{Kind: expr.VerdictDrop},
		)})
	}
	return nil
}

// discovery accepts neighbour solicitations and advertisements.
var discovery = []expr.Any{
	&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
	&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_ICMPV6}},
	&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1},
	&expr.Range{Op: expr.CmpOpEq, Register: 1, FromData: []byte{neighbourSolicitation}, ToData: []byte{neighbourAdvertisement}},
	&expr.Verdict{Kind: expr.VerdictAccept},
}

// group is the addresses that one rule refuses.
type group struct {
	name     string // of the set
	family   nftables.TableFamily
	offset   uint32 // of the destination in the header
	key      nftables.SetDatatype
	link     string // where packets come in; empty: anywhere
	elements []nftables.SetElement
}

// groups are those of the addresses that there are any of.
func groups(closed []Closed) (list []*group) {
	for _, c := range closed {
		g := group{name: "addresses", family: nftables.TableFamilyIPv4, offset: 16, key: nftables.TypeIPAddr}
		if c.Address.Is6() {
			g = group{name: "addresses", family: nftables.TableFamilyIPv6, offset: 24, key: nftables.TypeIP6Addr}
		}
		if c.Address.Is6() && c.Address.IsLinkLocalUnicast() {
			g.name, g.link = "on_"+c.Interface, c.Interface
		}
		i := slices.IndexFunc(list, func(o *group) bool { return o.family == g.family && o.link == g.link })
		if i < 0 {
			i, list = len(list), append(list, &g)
		}
		list[i].elements = append(list[i].elements, nftables.SetElement{Key: c.Address.AsSlice()})
	}
	return list
}

func familiesOf(closed []Closed) (list []nftables.TableFamily) {
	for _, g := range groups(closed) {
		if !slices.Contains(list, g.family) {
			list = append(list, g.family)
		}
	}
	return list
}
