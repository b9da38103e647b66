package balancer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl"
	"github.com/hald-project/hald/thrift"
)

const (
	// A step looks at every server of the services that something happened to: of one
	// with thousands, whose verdicts each had a step of their own, it would take a
	// processor for many seconds. After steps the next verdicts gather for so many
	// times as long as they took, within bounds: it may have taken long because the
	// machine was busy with something else.
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

	configured bool                // once
	serial     uint64              // of the one in force
	services   []*virtual          // of it, in its order
	byName     map[string]*virtual // the same
	gone       []*virtual          // of the one before, and not told of yet
	overrides  map[target]*Override
	wished     bool // the reconciler was told a wish
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
			failed: make(chan error, 1), running: make(map[checkID]*watch), tracked: make(map[checkID]bool)},
		keeping: keeping{open: w.open, out: out, reports: make(chan ipvsctl.Report), done: make(chan error, 1)},
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
	p.tidy = time.NewTimer(thrift.After)
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
			thrift.Save()
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
		p.order(index(c.Overrides.InForce))
		p.advance(nil)
	}
	if c.Show {
		if !p.view.seen {
			p.advance(nil) // it was put off
		}
		p.out.show(describe(p.services, &p.finds, p.watches.status, &p.view), p.view.done)
	}
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
	switch r.(type) {
	case ipvsctl.Observed:
	case ipvsctl.Failed:
		if first {
			p.advance(nil) // it was put off
		}
		return
	default:
		return
	}
	idle := make(map[ipvsctl.DestinationKey]bool)
	for _, v := range p.services {
		v.stale = p.view.idle(v.state.table, idle) || first || v.stale
	}
	if first || len(idle) > 0 {
		p.advance(idle)
	}
}

// tell queues an event for the director.
func (p *pool) tell(e event.Event) {
	e.Time = time.Now()
	p.out.tell(e)
}
