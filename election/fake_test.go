package election

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/netif"
	"github.com/hald-project/hald/vrrp"
	"github.com/hald-project/hald/vrrp/vrrptest"
)

var (
	addrA  = netip.MustParseAddr("192.0.2.11")
	addrB  = netip.MustParseAddr("192.0.2.12")
	vip    = netip.MustParsePrefix("192.0.2.100/24")
	second = netip.MustParsePrefix("192.0.2.101/32")
)

// linkState is what a fake host's second interface is like.
type linkState int

const (
	linkGone linkState = iota
	linkDown
	linkUp
)

// fakeHost is a node on a vrrptest.LAN: the interface eth0, of index 2, and maybe
// eth1, of index 3, with a fake kernel that knows addresses, leases and marks.
type fakeHost struct {
	lan    *vrrptest.LAN
	inner  *vrrptest.LAN // of eth1; nil: eth1 has no address of its own
	source netip.Addr
	views  chan netif.Links

	mu         sync.Mutex
	up         bool
	eth1       linkState
	addrs      map[netip.Prefix]time.Time // ours, and when the lease ends
	on         map[netip.Prefix]int       // the link that holds it; 0: eth0
	own        []netip.Prefix             // the node's own beside its source
	routes     []netif.Route
	routeErr   error
	rules      []netif.Rule
	ordinary   bool  // without a real-time priority
	unlimited  error // or with one that could not be limited
	claims     int
	renewals   []int // how many addresses each
	releases   int
	heard      []vrrp.Sighting // of others, again and again
	posts      int             // listeners to others
	looks      int             // at what they heard
	claimErr   error
	claimErrOf netip.Prefix // the one address that claimErr is for; zero: all
	releaseErr error
	announced  map[int][]netip.Addr // by link
	lastMAC    string               // the MAC in the last announcement
	asRouter   bool                 // in the last announcement
	virtual    fakeVirtual
	promoted   map[int]bool // links whose secondaries are promoted
	promotions int          // how often that was asked for
	promoteErr error

	refused   map[string][]netif.Closed // packets to them are dropped
	filterErr error                     // of a kernel that cannot drop them
	deeds     []string                  // claim, release, refuse, admit

	mac       net.HardwareAddr // of eth0
	ears      []*fakeEar       // every one that was opened
	earErr    error
	probed    []netip.Addr
	requested []netip.Addr            // of routers
	residents map[netip.Addr]garp.MAC // who answers
	port      *vrrptest.Port          // the last on eth0
	dialed    vrrp.Options            // and how it was opened
	defended  []netip.Addr
}

func newFakeHost(lan *vrrptest.LAN, source netip.Addr) *fakeHost {
	return &fakeHost{lan: lan, source: source, up: true, views: make(chan netif.Links), addrs: map[netip.Prefix]time.Time{}, on: map[netip.Prefix]int{}, announced: map[int][]netip.Addr{}, refused: map[string][]netif.Closed{}}
}

func (f *fakeHost) host() host {
	return host{
		watch: func(ctx context.Context, out chan<- netif.Links) error {
			for v := f.snapshot(); ; {
				select {
				case out <- v:
					v = nil
				case <-ctx.Done():
					return nil
				}
				select {
				case v = <-f.views:
				case <-ctx.Done():
					return nil
				}
			}
		},
		links:     func() (netif.Links, error) { return f.snapshot(), nil },
		kernel:    func() (kernel, error) { return f, nil },
		announcer: func() (announcer, error) { return fakeAnnouncer{f}, nil },
		sequence:  new(vrrp.Sequence),
		filter:    fakeFilter{f},
		ears:      newEars(f.listen),
		clerk:     new(clerk),
		realTime:  func() (bool, error) { return !f.ordinary, f.unlimited },
		virtual:   func() (virtualLinks, error) { return fakeLinks{f}, nil },
		promote:   f.promote,
		sees:      f.sees,
		others: func(string, int, bool, []uint8) (others, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.posts++
			return &fakeOthers{f: f, heard: f.heard}, nil
		},
		listen: func(l vrrp.Link, o vrrp.Options) (vrrp.Conn, error) {
			f.notice(l)
			if l.Index == 3 {
				return f.inner.Dial(o.VRID, l.Source), nil
			}
			port := f.lan.Dial(o.VRID, l.Source)
			f.mu.Lock()
			f.port, f.dialed = port, o
			f.mu.Unlock()
			return port, nil
		},
	}
}

func (f *fakeHost) snapshot() netif.Links {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := netif.Link{Name: "eth0", Index: 2, MAC: f.mac, Up: f.up, MTU: 1500, Addrs: []netif.Address{{Prefix: netip.PrefixFrom(f.source, 24), Permanent: true}}}
	for _, p := range f.own {
		l.Addrs = append(l.Addrs, netif.Address{Prefix: p, Permanent: true})
	}
	inside := netif.Link{Name: "eth1", Index: 3, Up: f.eth1 == linkUp, MTU: 1500}
	if f.inner != nil {
		inside.Addrs = []netif.Address{{Prefix: netip.PrefixFrom(innerSource(f.source), 24), Permanent: true}}
	}
	for p := range f.addrs {
		a := netif.Address{Prefix: p, Protocol: netif.Protocol, Secondary: p.Masked() == l.Addrs[0].Prefix.Masked()}
		if f.virtual.holds(f.on[p]) {
			continue
		}
		if f.on[p] == inside.Index {
			inside.Addrs = append(inside.Addrs, a)
		} else {
			l.Addrs = append(l.Addrs, a)
		}
	}
	links := netif.Links{"eth0": l}
	if f.eth1 != linkGone {
		links["eth1"] = inside
	}
	f.virtual.add(links, f)
	return links
}

// innerSource is a fake host's own address on eth1.
func innerSource(source netip.Addr) netip.Addr {
	b := source.As4()
	return netip.AddrFrom4([4]byte{198, 51, 100, b[3]})
}

// change edits the host under its lock and tells the watcher.
func (f *fakeHost) change(edit func()) {
	f.mu.Lock()
	edit()
	f.mu.Unlock()
	f.views <- f.snapshot()
	synctest.Wait()
}

func (f *fakeHost) Claim(link int, addrs []netif.Virtual, lease time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := func(v netif.Virtual) bool { return v.Prefix == f.claimErrOf }
	if f.claimErr != nil && (!f.claimErrOf.IsValid() || slices.ContainsFunc(addrs, of)) {
		return f.claimErr
	}
	f.claims++
	f.deeds = append(f.deeds, "claim")
	if lease == 0 { // for ever
		lease = 24 * time.Hour
	}
	for _, v := range addrs {
		f.addrs[v.Prefix], f.on[v.Prefix] = time.Now().Add(lease), link
	}
	return nil
}

func (f *fakeHost) ClaimEach(link int, wanted [][]netif.Virtual, lease time.Duration) []error {
	errs := make([]error, len(wanted))
	for i, addrs := range wanted {
		errs[i] = f.Claim(link, addrs, lease)
	}
	return errs
}

// Renew is told of no more than a portion.
func (f *fakeHost) Renew(links netif.Links, name string, addrs []netif.Virtual, lease time.Duration) error {
	f.mu.Lock()
	f.renewals = append(f.renewals, len(addrs))
	f.mu.Unlock()
	return f.Claim(links[name].Index, addrs, lease)
}

func (f *fakeHost) Release(_ int, addrs []netip.Prefix) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.releaseErr != nil {
		return f.releaseErr
	}
	f.deeds = append(f.deeds, "release")
	f.releases++
	for _, p := range addrs {
		delete(f.addrs, p)
	}
	return nil
}

func (f *fakeHost) Missing(_ int, addrs []netip.Prefix) (missing []netip.Prefix, err error) {
	for _, p := range addrs {
		if !f.holds(p) {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

func (f *fakeHost) Held() (map[int][]netip.Prefix, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	held := map[int][]netip.Prefix{}
	for p := range f.addrs {
		held[max(2, f.on[p])] = append(held[max(2, f.on[p])], p)
	}
	return held, nil
}

func (f *fakeHost) ClaimRoutes(routes []netif.Route) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.routeErr != nil {
		return f.routeErr
	}
	for _, r := range routes {
		if !slices.Contains(f.routes, r) {
			f.routes = append(f.routes, r)
		}
	}
	return nil
}

func (f *fakeHost) ReleaseRoutes(routes []netif.Route) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.releaseErr != nil {
		return f.releaseErr
	}
	for _, r := range routes {
		f.routes = slices.DeleteFunc(f.routes, func(o netif.Route) bool { return o.Key() == r.Key() })
	}
	return nil
}

func (f *fakeHost) MissingRoutes(routes []netif.Route) (missing []netif.Route, err error) {
	for _, r := range routes {
		if !slices.Contains(f.heldRoutes(), r) {
			missing = append(missing, r)
		}
	}
	return missing, nil
}

func (f *fakeHost) ClaimRules(rules []netif.Rule) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range rules {
		f.rules = append(slices.DeleteFunc(f.rules, func(o netif.Rule) bool { return o.Key() == r.Key() }), r)
	}
	return nil
}

func (f *fakeHost) ReleaseRules(rules []netif.Rule) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range rules {
		f.rules = slices.DeleteFunc(f.rules, func(o netif.Rule) bool { return o.Key() == r.Key() })
	}
	return nil
}

func (f *fakeHost) MissingRules(rules []netif.Rule) (missing []netif.Rule, err error) {
	held, err := f.HeldRules()
	for _, r := range rules {
		if !slices.Contains(held, r) {
			missing = append(missing, r)
		}
	}
	return missing, err
}

func (f *fakeHost) HeldRules() ([]netif.Rule, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.rules), nil
}

func (f *fakeHost) HeldRoutes() ([]netif.Route, error) { return f.heldRoutes(), nil }

func (f *fakeHost) heldRoutes() []netif.Route {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.routes)
}

func (f *fakeHost) Close() error { return nil }

// holds tells whether an address is there and its lease has not ended.
func (f *fakeHost) holds(p netip.Prefix) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	end, ok := f.addrs[p]
	return ok && time.Now().Before(end)
}

// lease is how much longer the kernel keeps an address that nobody renews.
func (f *fakeHost) lease(p netip.Prefix) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.addrs[p])
}

type fakeAnnouncer struct{ *fakeHost }

func (f fakeAnnouncer) Announce(link int, mac net.HardwareAddr, router bool, addrs []netip.Addr) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.announced[link], f.asRouter, f.lastMAC = append(f.announced[link], addrs...), router, mac.String()
	return nil
}

func (f *fakeHost) announcements() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.announced[2])
}

func (f *fakeHost) announcedOn(link int) []netip.Addr {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.announced[link])
}

// where is the link that holds an address.
func (f *fakeHost) where(p netip.Prefix) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.on[p]
}

// duplex is one end of a link that can be closed in one direction.
type duplex struct {
	net.Conn
	r *io.PipeReader
	w *io.PipeWriter
}

func newLink() (here, there duplex) {
	r1, w1 := io.Pipe()
	r2, w2 := io.Pipe()
	return duplex{r: r1, w: w2}, duplex{r: r2, w: w1}
}

func (d duplex) Read(b []byte) (int, error)  { return d.r.Read(b) }
func (d duplex) Write(b []byte) (int, error) { return d.w.Write(b) }
func (d duplex) Close() error                { return errors.Join(d.r.Close(), d.w.Close()) }
func (d duplex) SetWriteDeadline(t time.Time) error {
	time.AfterFunc(time.Until(t), func() { d.w.Close() })
	return nil
}

// process is an election under test with its director's end of the link.
type process struct {
	*fakeHost
	link duplex
	enc  *json.Encoder
	done chan error

	logMu  sync.Mutex
	events []event.Event
	last   []Status
	plan   Planned
	plansN int // how often it was reported
	answer Configured
}

// launch runs an election; deaf leaves its reports unread.
func launch(f *fakeHost, deaf bool) *process { return launchOn(f, f.host(), deaf) }

func launchOn(f *fakeHost, h host, deaf bool) *process {
	here, there := newLink()
	p := &process{fakeHost: f, link: here, enc: json.NewEncoder(here), done: make(chan error, 1)}
	go func() { p.done <- run(context.Background(), there, h) }()
	if !deaf {
		go p.read()
	}
	return p
}

func (p *process) status() []Status {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	return p.last
}

func (p *process) plans() Planned {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	return p.plan
}

// refusal is why the last configuration was not taken; empty: it was.
func (p *process) refusal() string {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	return p.answer.Error
}

func (p *process) reported() int {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	return p.plansN
}

func (p *process) read() {
	dec := json.NewDecoder(p.link)
	for {
		var r Report
		if dec.Decode(&r) != nil {
			return
		}
		p.logMu.Lock()
		if r.Event != nil {
			p.events = append(p.events, *r.Event)
		}
		if r.Status != nil {
			p.last = r.Status
		}
		if r.Configured != nil {
			p.answer = *r.Configured
		}
		if r.Planned != nil {
			p.plan = *r.Planned
			p.plansN++
		}
		p.logMu.Unlock()
	}
}

// names lists the events so far: transitions by where they lead and why.
func (p *process) names() (names []string) {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	for _, e := range p.events {
		n := e.Name
		if n == "vrrp.transition" {
			n = e.From + ">" + e.To + ":" + e.Reason
		}
		names = append(names, n)
	}
	return names
}

func (p *process) configure(instances ...Instance) {
	p.enc.Encode(Command{Configure: &Config{Instances: instances}})
	synctest.Wait()
}

// leave closes the link's write side, as a director does, and waits.
func (p *process) leave(t *testing.T) {
	t.Helper()
	p.link.w.Close()
	if err := <-p.done; err != nil {
		t.Errorf("run: %v", err)
	}
	synctest.Wait()
}

func shop(priority uint8) Instance {
	return Instance{
		Name: "shop", Interface: "eth0", Version: 3, VRID: 51, Priority: priority, Interval: time.Second,
		Addresses: addresses(vip), Checksum: "auto", Lease: 5 * time.Second,
		Announce: Announce{Count: 5, Delay: 5 * time.Second, Refresh: time.Minute},
	}
}

// addresses are held on the instance's interface.
func addresses(prefixes ...netip.Prefix) (list []Address) {
	for _, p := range prefixes {
		list = append(list, Address{Prefix: p})
	}
	return list
}

func sleep(d time.Duration) { time.Sleep(d); synctest.Wait() }

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

var errFake = errors.New("fake error")
