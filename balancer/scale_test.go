package balancer

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/hald-project/hald/ipvsctl"
)

// farm is n services of as many servers each, all with a check of their own.
func farm(n, each int) []Service {
	services := make([]Service, n)
	for i := range services {
		s := web()
		s.Name, s.Servers = fmt.Sprint("web", i), make([]Server, each)
		s.Addresses = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i / 250), byte(i%250 + 1)}), 80)}
		for k := range s.Servers {
			m, number := server("a"), i*each+k
			m.Name = fmt.Sprint("s", k)
			m.Address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(number / 250), byte(number%250 + 1)}), 0)
			m.Checks[0].Target = netip.AddrPortFrom(m.Address.Addr(), 80)
			s.Servers[k] = m
		}
		services[i] = s
	}
	return services
}

// One weight of a thousand is one request to the kernel.
func TestPoolChangesOneWeightInOneWrite(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		services := farm(100, 10)
		b.configure(services...)
		b.pass(3 * time.Second)
		before := b.table.Done()
		if len(before) != 1100 {
			t.Fatalf("%d operations for a hundred services of ten servers", len(before))
		}
		services[99].Servers[9].Weight = 5
		b.configure(services...)
		more := b.table.Done()[len(before):]
		if len(more) != 1 || more[0].Kind != ipvsctl.UpdateDestination || more[0].Destination.Weight != 5 {
			t.Errorf("written: %v", more)
		}
	})
}

// A configuration that says what is different from the one in force does what the whole
// of it would do: services are changed, come, go and change places, and all others go
// on undisturbed.
func TestPoolTakesWhatIsDifferent(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.listen()
		services := farm(5, 2)
		b.command(Config{Serial: 4, Services: services})
		b.pass(3 * time.Second)
		before := b.table.Done()
		services[3].Servers[1].Weight = 5
		next := Config{Serial: 5, After: 4, Order: []string{"web5", "web3", "web2", "web1"}, Services: []Service{services[3], farm(6, 2)[5]}}
		b.command(next)
		if b.answer != (Configured{Serial: 5}) {
			t.Errorf("answered %+v", b.answer)
		}
		kinds := make(map[ipvsctl.Kind]int)
		for _, op := range b.table.Done()[len(before):] {
			kinds[op.Kind]++
		}
		if want := (map[ipvsctl.Kind]int{ipvsctl.UpdateDestination: 1, ipvsctl.DeleteService: 2, ipvsctl.AddService: 1}); !maps.Equal(kinds, want) {
			t.Errorf("written %v, want %v", kinds, want)
		}
		var names []string
		for _, s := range b.shown() {
			names = append(names, s.Name)
		}
		if !slices.Equal(names, next.Order) {
			t.Errorf("in order %v, want %v", names, next.Order)
		}
		for name, bad := range map[string]Config{
			"from another one":     {Serial: 6, After: 4, Order: next.Order},
			"with an unknown name": {Serial: 6, After: 5, Order: []string{"web1", "web9"}},
		} {
			before := b.table.Done()
			b.command(bad)
			if b.answer.Serial != 6 || b.answer.Error == "" || len(b.table.Done()) != len(before) {
				t.Errorf("%s: answered %+v, written %v", name, b.answer, b.table.Done()[len(before):])
			}
		}
		b.command(Config{Serial: 7, After: 5, Order: []string{"web1"}})
		if n := len(b.table.Services()); b.answer.Error != "" || n != 1 {
			t.Errorf("after what was refused: answered %+v, %d services", b.answer, n)
		}
	})
}

// A dead rack: all servers fail in one interval. The table is right when their last
// failures are in, each is deleted by one request, and each is told of once,
// even to a director that does not listen in the meantime.
func TestPoolEmptiesTheTableOfADeadRack(t *testing.T) {
	inBubble(t, func(b *bench) {
		const servers = 300
		s := farm(1, servers)[0]
		b.configure(s)
		b.pass(3 * time.Second)
		before := len(b.table.Done())
		b.fell(s.Servers, errRefused)
		b.pass(3*s.Servers[0].Checks[0].Interval + time.Second)
		if left := b.table.Services()[0].Destinations; len(left) != 0 {
			t.Errorf("%d dead servers are left in the table", len(left))
		}
		if n := len(b.table.Done()) - before; n != servers {
			t.Errorf("%d requests for %d servers", n, servers)
		}
		b.listen()
		b.pass(time.Second)
		told := make(map[string]int)
		for _, e := range b.events() {
			told[e.Name]++
		}
		delete(told, "ipvs.applied")
		want := map[string]int{"real_server.up": servers, "quorum.gained": 1, "real_server.down": servers, "real_server.removed": servers, "quorum.lost": 1}
		if !maps.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}
