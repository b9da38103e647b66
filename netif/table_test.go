package netif

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func addressNews(index int, gone bool, h held) news {
	return news{index: index, gone: gone, addr: &h.Address}
}

func linkNews(index int, gone bool, name string) news {
	return news{index: index, gone: gone, link: &Link{Index: index, Name: name}}
}

func TestTable(t *testing.T) {
	for name, c := range map[string]struct {
		news []news
		want map[string][]string
	}{
		"primaries before secondaries": {
			[]news{linkNews(1, false, "eth0"), addressNews(1, false, holding("10.0.0.1/24", host)),
				addressNews(1, false, holding("10.0.0.2/24", hostSecond)), addressNews(1, false, holding("10.1.0.1/24", host))},
			map[string][]string{"eth0": {"10.0.0.1/24", "10.1.0.1/24", "10.0.0.2/24"}}},
		"a renewal keeps its place": {
			[]news{linkNews(1, false, "eth0"), addressNews(1, false, holding("10.0.0.1/24", leased)),
				addressNews(1, false, holding("10.1.0.1/24", host)), addressNews(1, false, holding("10.0.0.1/24", host))},
			map[string][]string{"eth0": {"10.0.0.1/24", "10.1.0.1/24"}}},
		"a promoted secondary moves up": {
			[]news{linkNews(1, false, "eth0"), addressNews(1, false, holding("10.0.0.2/24", hostSecond)),
				addressNews(1, false, holding("10.0.0.3/24", hostSecond)), addressNews(1, false, holding("10.0.0.3/24", host))},
			map[string][]string{"eth0": {"10.0.0.3/24", "10.0.0.2/24"}}},
		"removed, twice": {
			[]news{linkNews(1, false, "eth0"), addressNews(1, false, holding("10.0.0.1/24", host)),
				addressNews(1, true, holding("10.0.0.1/24", host)), addressNews(1, true, holding("10.0.0.1/24", host))},
			map[string][]string{"eth0": {}}},
		"an address before its link": {
			[]news{addressNews(1, false, holding("10.0.0.1/24", host)), linkNews(1, false, "eth0")},
			map[string][]string{"eth0": {"10.0.0.1/24"}}},
		"a link takes its addresses along": {
			[]news{linkNews(1, false, "eth0"), addressNews(1, false, holding("10.0.0.1/24", host)),
				linkNews(1, true, "eth0"), linkNews(1, false, "eth0")},
			map[string][]string{"eth0": {}}},
		"a first IPv4 address after one of IPv6": {
			[]news{linkNews(1, false, "eth0"), addressNews(1, false, holding("2001:db8::2/64", host)), addressNews(1, false, holding("10.0.0.1/24", host))},
			map[string][]string{"eth0": {"10.0.0.1/24", "2001:db8::2/64"}}},
		"IPv4 as it comes, then IPv6 ascending": {
			[]news{linkNews(1, false, "eth0"), addressNews(1, false, holding("2001:db8::2/64", host)), addressNews(1, false, holding("fe80::1/64", host)),
				addressNews(1, false, holding("10.0.0.2/24", hostSecond)), addressNews(1, false, holding("10.0.0.1/24", host)),
				addressNews(1, false, holding("10.0.0.3/24", hostSecond)), addressNews(1, false, holding("2001:db8::1/64", host))},
			map[string][]string{"eth0": {"10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24", "2001:db8::1/64", "2001:db8::2/64", "fe80::1/64"}}},
		"renamed": {
			[]news{linkNews(1, false, "eth0"), addressNews(1, false, holding("10.0.0.1/24", host)), linkNews(1, false, "lan0")},
			map[string][]string{"lan0": {"10.0.0.1/24"}}},
	} {
		t.Run(name, func(t *testing.T) {
			table, before := newTable(), Links{}
			for _, n := range c.news {
				table.apply(n)
				before = table.snapshot()
			}
			got := make(map[string][]string)
			for name, l := range before {
				got[name] = []string{}
				for _, a := range l.Addrs {
					got[name] = append(got[name], a.Prefix.String())
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("table (-want +got):\n%s", d)
			}
		})
	}
}

func TestSnapshotIsNeverWrittenAgain(t *testing.T) {
	table := newTable()
	table.apply(linkNews(1, false, "eth0"))
	for _, a := range []string{"10.0.0.1/24", "10.1.0.1/24"} {
		table.apply(addressNews(1, false, holding(a, host)))
	}
	before, same := table.snapshot(), table.snapshot()
	table.apply(addressNews(1, true, holding("10.0.0.1/24", host)))
	table.apply(addressNews(1, false, holding("10.1.0.1/24", leased)))
	table.apply(addressNews(1, false, holding("10.2.0.1/24", host)))
	if !before["eth0"].Holds(netip.MustParsePrefix("10.0.0.1/24")) || !before["eth0"].Addrs[1].Permanent || !before.equal(same) {
		t.Errorf("changed under its reader: %v", before)
	}
	if before.equal(table.snapshot()) {
		t.Error("two different snapshots are equal")
	}
}

func TestTableFollowsForwarding(t *testing.T) {
	yes, no := true, false
	table := newTable()
	table.apply(news{index: 1, forwarding6: &yes})
	if len(table.snapshot()) != 0 {
		t.Errorf("made a link up: %v", table.snapshot())
	}
	table.apply(linkNews(1, false, "eth0"))
	before := table.snapshot()
	table.apply(news{index: 1, forwarding6: &yes})
	if after := table.snapshot(); !after["eth0"].Forwarding6 || after.equal(before) {
		t.Errorf("after its news: %v", after)
	}
	table.apply(news{index: 1, forwarding6: &no})
	if !table.snapshot().equal(before) {
		t.Errorf("switched off: %v", table.snapshot())
	}
}
