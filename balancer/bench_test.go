package balancer

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/discovery"
	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

// bench is a balancer on a link, with a kernel's table in memory and servers
// that are well or not at the test's will. It lives in a bubble.
type bench struct {
	t     *testing.T
	table ipvstest.Table
	link  net.Conn // the director's end
	stop  context.CancelFunc
	ended chan error

	mu     sync.Mutex
	sick   map[netip.Addr]error
	weight map[netip.Addr]int // that probes find; 0: none
	probes map[netip.Addr]int
	heard  []event.Event
	status []Status
	done   Operations // with it
	sent   int        // status messages
	answer Configured
	tracks []Verdict
	found  map[string]chan discovery.Answer // what sources say next, by name
}

// benchRoom is how many events wait for a director that does not listen.
const benchRoom = 2048

// inBubble runs a test with a bench and stops the balancer at its end.
func inBubble(t *testing.T, test func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, sick: make(map[netip.Addr]error), weight: make(map[netip.Addr]int), probes: make(map[netip.Addr]int), ended: make(chan error, 1)}
		ctx, stop := context.WithCancel(t.Context())
		b.stop = stop
		director, worked := net.Pipe()
		b.link = director
		w := worker{b.table.Open, func(c Check) (healthcheck.Checker, error) { return probe{b, c.Target.Addr()}, nil }, b.find, benchRoom}
		go func() { b.ended <- w.run(ctx, worked) }()
		defer director.Close()
		defer stop()
		test(b)
	})
}

// listen takes the reports as a director does.
func (b *bench) listen() {
	go func() {
		for messages := json.NewDecoder(b.link); ; {
			var r Report
			if messages.Decode(&r) != nil {
				return
			}
			b.mu.Lock()
			switch {
			case r.Event != nil:
				b.heard = append(b.heard, *r.Event)
			case r.Configured != nil:
				b.answer = *r.Configured
			case r.Tracks != nil:
				b.tracks = r.Tracks
			default:
				b.status, b.done, b.sent = r.Status, r.Kernel, b.sent+1
			}
			b.mu.Unlock()
		}
	}()
}

// probe is a check of a bench's server.
type probe struct {
	b       *bench
	address netip.Addr
}

func (p probe) Check(ctx context.Context) error {
	_, err := p.Measure(ctx)
	return err
}

func (p probe) Measure(ctx context.Context) (healthcheck.Reading, error) {
	p.b.mu.Lock()
	p.b.probes[p.address]++
	err, weight := p.b.sick[p.address], p.b.weight[p.address]
	p.b.mu.Unlock()
	if err == errSilent {
		<-ctx.Done()
	}
	return healthcheck.Reading{Value: weight, Found: weight > 0}, err
}

// find is how sources are asked: they say what the test has them say.
func (b *bench) find(ctx context.Context, s Source, report func(discovery.Answer)) {
	for {
		select {
		case a := <-b.source(s.Name):
			report(a)
		case <-ctx.Done():
			return
		}
	}
}

func (b *bench) source(name string) chan discovery.Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.found == nil {
		b.found = make(map[string]chan discovery.Answer)
	}
	if b.found[name] == nil {
		b.found[name] = make(chan discovery.Answer)
	}
	return b.found[name]
}

// set makes servers sick (the error) or well (nil).
func (b *bench) set(err error, names ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range names {
		b.sick[address(name)] = err
	}
}

// weigh has the probes of a server find a weight.
func (b *bench) weigh(name string, weight int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.weight[address(name)] = weight
}

// fell makes all of some servers sick, or well, at once.
func (b *bench) fell(servers []Server, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range servers {
		b.sick[s.Address.Addr()] = err
	}
}

func (b *bench) configure(services ...Service) { b.command(Config{Services: services}) }

func (b *bench) command(c Config) { b.send(Command{Configure: &c}) }

func (b *bench) send(c Command) {
	b.t.Helper()
	if err := json.NewEncoder(b.link).Encode(c); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

// pass lets time pass, to a little after whatever happens then.
func (b *bench) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// expect compares the kernel's table.
func (b *bench) expect(want string) {
	b.t.Helper()
	got := make(table)
	for _, s := range b.table.Services() {
		got[s.Key] = row{destinations: s.Destinations, members: make([]int32, len(s.Destinations))}
	}
	if text := draw(got); text != want {
		b.t.Errorf("the kernel has %q, want %q", text, want)
	}
}

// told takes the events heard since the last call, those of one kind.
func (b *bench) told(prefixes ...string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var some []event.Event
	for _, e := range b.heard {
		for _, prefix := range prefixes {
			if strings.HasPrefix(e.Name, prefix) {
				some = append(some, e)
			}
		}
	}
	b.heard = nil
	return tell(some)
}

// events is what was heard since the last call.
func (b *bench) events() []event.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	heard := b.heard
	b.heard = nil
	return heard
}

func (b *bench) count(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.probes[address(name)]
}

// shown asks for the status.
func (b *bench) shown() []Status {
	b.t.Helper()
	b.send(Command{Show: true})
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status
}

// end stops the balancer and waits for it.
func (b *bench) end() error {
	b.stop()
	return <-b.ended
}

var (
	errRefused = errors.New("connect: connection refused")
	errSilent  = errors.New("connect: timeout") // after the whole timeout
	webKey     = ipvsctl.Key{Protocol: ipvsctl.TCP, Address: vip}
)
