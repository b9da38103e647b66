package balancer

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
)

const (
	// Reading ten thousand servers and hearing of each for the first time takes
	// several times the memory that keeping them does, which the runtime would
	// return after minutes only.
	tidyAfter = 5 * time.Second

	// How much garbage may gather, in per cent of what is kept (debug.SetGCPercent).
	steadyGarbage  = 10
	loadingGarbage = 100

	// A step looks at every server, so that thousands of verdicts, each with a
	// step of its own, would take a processor for many seconds. After a step the
	// next verdicts gather for so many times as long as it took, within bounds:
	// it may have taken long because the machine was busy with something else.
	restAfterStep = 4
	longestRest   = 200 * time.Millisecond
)

// pool owns everything that changes: the configuration in force, the monitors
// and their verdicts, the wanted table with its drains, and what is known of
// the kernel. Its run never waits for anything but its inputs.
type pool struct {
	commands <-chan Command
	watches  watches
	finds    finds
	keeping  keeping
	out      *outbox

	configured bool      // once
	serial     uint64    // of the one in force
	services   []service // of it, with the servers that were found
	overrides  map[target]*Override
	state      state
	wanted     []ipvsctl.Service // what the reconciler was told last
	view       kernelView
	trackers   []tracker
	tracked    []Verdict // what the director was told of them last

	verdicts *time.Timer // the step for verdicts that gather
	rested   time.Time   // no such step before

	wake *time.Timer // the next drain that ends
	tidy *time.Timer // memory is given back
}

func newPool(w worker, commands <-chan Command, out *outbox) *pool {
	return &pool{
		commands: commands,
		out:      out,
		finds:    newFinds(w.find),
		watches: watches{build: w.build, results: make(chan outcome, 1024), news: make(chan []healthcheck.News, 1),
			failed: make(chan error, 1), running: make(map[checkID]*watch)},
		keeping: keeping{open: w.open, reports: make(chan ipvsctl.Report), done: make(chan error, 1)},
	}
}

// run works until ctx ends or a command cannot be obeyed. It returns when the
// last monitor and the reconciler have.
func (p *pool) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	err := p.loop(ctx)
	cancel()
	p.watches.group.Wait()
	p.finds.group.Wait()
	return errors.Join(err, p.keeping.wait())
}

func (p *pool) loop(ctx context.Context) error {
	p.verdicts = time.NewTimer(time.Hour)
	p.wake = time.NewTimer(time.Hour)
	p.tidy = time.NewTimer(tidyAfter)
	defer p.verdicts.Stop()
	defer p.wake.Stop()
	defer p.tidy.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-p.commands:
			if err := p.obey(ctx, c); err != nil {
				return err
			}
		case first := <-p.watches.results:
			p.gather(first)
		case news := <-p.watches.news:
			p.learn(news)
		case err := <-p.watches.failed:
			return err
		case a := <-p.finds.answers:
			if err := p.find(ctx, a); err != nil {
				return err
			}
		case err := <-p.finds.written:
			p.kept(err)
		case r := <-p.keeping.reports:
			p.observe(r)
		case <-p.verdicts.C:
			p.advance(nil)
		case <-p.wake.C:
			p.advance(nil)
		case <-p.tidy.C:
			debug.SetGCPercent(steadyGarbage)
			debug.FreeOSMemory()
		}
	}
}

// obey does what the director says.
func (p *pool) obey(ctx context.Context, c Command) error {
	if c.Configure != nil {
		err := p.configure(ctx, *c.Configure)
		p.out.answered(c.Configure.Serial, err)
		if err != nil && !p.configured {
			return fmt.Errorf("configure: %w", err)
		}
		p.configured = true
	}
	if c.Place != nil {
		p.keeping.follow(*c.Place)
	}
	if c.Overrides != nil {
		p.overrides = index(c.Overrides.InForce)
		p.advance(nil)
	}
	if c.Show {
		p.out.show(describe(p.services, &p.finds, p.state, p.watches.status, &p.view), p.view.done)
	}
	return nil
}

// configure makes a configuration the one in force. The first and every later
// one take the same way: what is equal goes on undisturbed.
func (p *pool) configure(ctx context.Context, c Config) error {
	if trouble := p.finds.recall(ctx, c.Found); trouble != nil {
		p.tell(*trouble)
	}
	debug.SetGCPercent(loadingGarbage)
	p.tidy.Reset(tidyAfter)
	checks := make(map[checkID]Check)
	services, err := p.compose(c, checks)
	if err != nil {
		return err
	}
	trackers := compileTrackers(c, checks)
	if err := p.watches.follow(ctx, probes(services, trackers), checks); err != nil {
		return err
	}
	p.serial, p.services, p.trackers, p.overrides = c.Serial, services, trackers, index(c.Overrides)
	p.finds.follow(ctx, sources(services))
	p.keeping.configure(ctx, c)
	p.advance(nil)
	return nil
}

// compose is the services of a configuration: compiled now, and as they were where
// it says that they are.
func (p *pool) compose(c Config, checks map[checkID]Check) ([]service, error) {
	services := make([]service, 0, max(len(c.Services), len(c.Order)))
	for _, s := range c.Services {
		compiled, err := assemble(s, p.finds.known, checks)
		if err != nil {
			return nil, err
		}
		services = append(services, compiled)
	}
	if c.Order == nil {
		return services, nil
	}
	if c.After != p.serial {
		return nil, fmt.Errorf("it says what is different from configuration %d, and %d is in force", c.After, p.serial)
	}
	known := make(map[string]service, len(p.services)+len(services))
	for _, s := range slices.Concat(p.services, services) {
		known[s.Name] = s
	}
	services = services[:0]
	for _, name := range c.Order {
		s, there := known[name]
		if !there {
			return nil, fmt.Errorf("virtual server %q is in its order, and nobody told what it is", name)
		}
		services = append(services, s)
	}
	return services, nil
}

// find takes what a source said: servers come and go as with another configuration.
func (p *pool) find(ctx context.Context, a found) error {
	changed, story := p.finds.take(a)
	for _, e := range story {
		p.tell(e)
	}
	if !changed {
		return nil
	}
	services, checks := slices.Clone(p.services), make(map[checkID]Check)
	for i, s := range services {
		if s.given == nil {
			continue
		}
		found, err := assemble(*s.given, p.finds.known, checks)
		if err != nil {
			return err
		}
		services[i] = found
	}
	if err := p.watches.follow(ctx, probes(services, p.trackers), checks); err != nil {
		return err
	}
	p.services = services
	p.advance(nil)
	return nil
}

// kept takes how the file with what was found fares.
func (p *pool) kept(err error) {
	if trouble := p.finds.kept(err); trouble != nil {
		p.tell(*trouble)
	}
}

// gather takes a result and all that wait behind it, so that a thousand
// verdicts of one moment cost one step, or a few.
func (p *pool) gather(next outcome) {
	decided, news := false, false
	for {
		verdict, detail := next.take()
		decided, news = decided || verdict, news || detail
		select {
		case next = <-p.watches.results:
			continue
		default:
		}
		break
	}
	p.decide(decided, news)
}

// learn takes the news of the loop.
func (p *pool) learn(all []healthcheck.News) {
	decided, news := false, false
	for _, n := range all {
		verdict, detail := outcome{n.Of.(*watch), n.Result}.take()
		decided, news = decided || verdict, news || detail
	}
	p.decide(decided, news)
}

// decide acts on results, now or when the rest after the last step is over.
func (p *pool) decide(decided, news bool) {
	if news || decided {
		p.track()
	}
	switch {
	case !decided:
	case time.Now().Before(p.rested):
		p.verdicts.Reset(time.Until(p.rested))
	default:
		p.advance(nil)
	}
}

// observe takes what the reconciler says. The table as the kernel has it is
// the beginning of everything the first time, and later tells which drained
// servers nobody uses any more.
func (p *pool) observe(r ipvsctl.Report) {
	first := !p.view.seen
	for _, e := range p.view.take(r, time.Now()) {
		p.tell(e)
	}
	if _, table := r.(ipvsctl.Observed); !table {
		return
	}
	if idle := p.view.idle(p.state.table); first || len(idle) > 0 {
		p.advance(idle)
	}
}

// advance takes the core one step further and passes on what follows: the
// wish to the reconciler, the events to the director, the next wake-up.
func (p *pool) advance(idle map[ipvsctl.DestinationKey]bool) {
	before := p.state
	if p.view.seen {
		before.adopt(p.services, p.view.last)
	}
	now := time.Now()
	p.state = step(p.services, before, facts{now: now, verdicts: p.watches.verdicts(), weights: p.watches.weights(), idle: idle, overrides: p.overrides})
	for _, e := range narrate(before, p.state, p.watches.status) {
		p.tell(e)
	}
	p.wish()
	p.track()
	if !p.state.wake.IsZero() {
		p.wake.Reset(p.state.wake.Sub(now))
	}
	p.rested = time.Now().Add(min(restAfterStep*time.Since(now), longestRest))
}

// wish tells the reconciler what is wanted if that has changed. Before the
// kernel's table was read nothing may be wished for: it is the beginning.
func (p *pool) wish() {
	if !p.view.seen {
		p.state.table = nil
		return
	}
	want := p.state.want(p.services)
	if p.wanted == nil || !reflect.DeepEqual(want, p.wanted) {
		p.wanted = want
		p.keeping.reconciler.Set(want)
	}
}

// tell queues an event for the director.
func (p *pool) tell(e event.Event) {
	e.Time = time.Now()
	p.out.tell(e)
}
