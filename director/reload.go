package director

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/thrift"
)

// applyBound is how long the workers may take to say that they are configured.
const applyBound = 10 * time.Second

// now is the configuration in force.
func (l *life) now() *force { return l.force.Load() }

// ReloadOrder asks for a reload.
type ReloadOrder struct {
	AllowInterruption bool `json:"allow_interruption"`
}

// Outcome is what became of a reload.
type Outcome struct {
	Applied     bool         `json:"applied"`
	Refused     string       `json:"refused,omitempty"`     // why it was not
	Diagnostics string       `json:"diagnostics,omitempty"` // about the files, as `hald check` prints them
	Plan        *config.Plan `json:"plan,omitempty"`        // nil: the files are invalid
}

// InForce is what a plan is made from by who has other files.
type InForce struct {
	Config  *config.Config `json:"config"` // sealed
	Key     []byte         `json:"key"`    // of the seal, for this once
	Path    string         `json:"path"`
	Masters []string       `json:"masters"` // instances that are master here
}

// reloader is the state of the reload under way, if there is one. All of it but
// the channels is the life's.
type reloader struct {
	turn      chan struct{} // whoever reloads has it; one at a time
	proposals chan proposal
	election  chan any // to the workers
	balancer  chan any
	ended     chan struct{} // closed when nobody takes proposals any more

	serial  uint64
	told    uint64   // the serial of what the balancer was told last
	inForce uint64   // of what it has said to have in force
	pending *pending // nil: none
	overdue <-chan time.Time
}

func newReloader() reloader {
	return reloader{turn: make(chan struct{}, 1), proposals: make(chan proposal), election: make(chan any, 1), balancer: make(chan any, 1), ended: make(chan struct{})}
}

// proposal is a configuration that was loaded, or why it was not.
type proposal struct {
	next    *force // nil: it cannot be in force
	invalid error  // what is wrong with them, or with this machine for what they ask
	told    string // to who asked: the diagnostics
	allow   bool
	by      string
	outcome chan Outcome
}

// pending is a plan that the workers were told and have not all confirmed.
type pending struct {
	proposal
	plan    config.Plan
	roles   []string // of the workers that were told
	waiting []string // of these, those that did not answer yet
}

// answer is what a worker says to a configuration.
type answer struct {
	role   string
	serial uint64
	err    string
}

// reloadOrder is the admin socket's.
func (l *life) reloadOrder(ctx context.Context, by string, body json.RawMessage) (any, error) {
	var o ReloadOrder
	if err := understand(body, &o); err != nil {
		return nil, err
	}
	return l.renew(ctx, by, o.AllowInterruption)
}

// hangUps reloads on every signal.
func (l *life) hangUps(ctx context.Context) {
	for {
		select {
		case <-l.d.Hangup:
			_, _ = l.renew(ctx, "SIGHUP", true) // its events tell the rest
		case <-ctx.Done():
			return
		}
	}
}

// renew loads the files on the caller's goroutine, proposes what they say, and
// waits for what becomes of it.
func (l *life) renew(ctx context.Context, by string, allow bool) (Outcome, error) {
	stopping := errors.New("it is stopping")
	select {
	case l.reload.turn <- struct{}{}:
	case <-ctx.Done():
		return Outcome{}, stopping
	}
	defer func() { <-l.reload.turn }()
	thrift.Spend()
	c, diags := l.d.Load()
	var told strings.Builder
	diags.WriteText(&told, 0, false)
	p := proposal{invalid: diags.Err(), told: told.String(), allow: allow, by: by, outcome: make(chan Outcome, 1)}
	if c != nil {
		if p.invalid = l.unready(c); p.invalid == nil {
			p.next = l.d.newForce(c)
		}
	}
	select {
	case l.reload.proposals <- p:
		return <-p.outcome, nil
	case <-l.reload.ended:
		return Outcome{}, stopping
	}
}

// unready is why the first virtual servers could not work here, as a start would find.
func (l *life) unready(c *config.Config) error {
	if l.d.Ready == nil || len(l.now().config.Services) > 0 || len(c.Services) == 0 {
		return nil
	}
	return l.d.Ready(c)
}

// inForce answers who wants to make a plan.
func (l *life) inForce(ctx context.Context) (any, error) {
	document, err := l.asked(ctx, false)
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	return InForce{Config: l.now().config.Sealed(key), Key: key, Path: l.d.Path, Masters: masters(document.VRRPInstances)}, nil
}

// propose refuses a proposal, or tells the workers what changes for them. A worker
// for whom nothing does is not told.
func (l *life) propose(p proposal) {
	if p.next == nil {
		l.reject(p, nil, p.invalid.Error())
		return
	}
	l.emit(event.Event{Name: "config.loaded", Reason: "hash " + p.next.config.Hash, By: p.by})
	was := l.now()
	plan := config.Diff(was.config, p.next.config, masters(l.instances))
	if stops := plan.Interruptions(); len(stops) > 0 && !p.allow {
		l.reject(p, &plan, fmt.Sprintf("it would interrupt service (%s: %s); --allow-interruption lets it", stops[0], stops[0].Interrupts))
		return
	}
	p.next.config = p.next.config.Started(was.config)
	l.reload.pending = &pending{proposal: p, plan: plan}
	l.reload.overdue = time.After(applyBound)
	l.d.Notify("RELOADING=1")
	if !reflect.DeepEqual(was.election, p.next.election) {
		l.reload.pending.roles = append(l.reload.pending.roles, RoleElection)
	}
	if !was.balances(p.next) {
		l.reload.pending.roles = append(l.reload.pending.roles, RoleBalancer)
	}
	l.reload.pending.waiting = slices.Clone(l.reload.pending.roles)
	l.tell(p.next, l.reload.pending.roles, l.part(was, p.next))
	l.confirm()
}

// tell hands workers a configuration, and the balancer its part. It never waits.
func (l *life) tell(f *force, roles []string, part balancer.Config) {
	l.reload.serial++
	for _, role := range roles {
		box, command := l.reload.balancer, any(nil)
		switch role {
		case RoleElection:
			whole := f.election
			whole.Serial, whole.Planned = l.reload.serial, l.planned.now
			box, command = l.reload.election, election.Command{Configure: &whole}
		default:
			part.Serial, part.Overrides = l.reload.serial, *l.overrides.now.Load()
			l.reload.told = l.reload.serial
			command = balancer.Command{Configure: &part}
		}
		select {
		case <-box:
		default:
		}
		box <- command
	}
}

// answered takes a worker's answer.
func (l *life) answered(a answer) {
	if a.role == RoleBalancer && a.err == "" {
		l.reload.inForce = a.serial
	}
	p := l.reload.pending
	switch {
	case p == nil || a.serial != l.reload.serial:
	case a.err != "":
		l.rollBack("the " + a.role + " cannot: " + a.err)
	default:
		p.waiting = slices.DeleteFunc(p.waiting, func(role string) bool { return role == a.role })
		l.confirm()
	}
}

// confirm puts the pending configuration into force when all workers have it.
func (l *life) confirm() {
	p := l.reload.pending
	if len(p.waiting) > 0 {
		return
	}
	l.reload.pending, l.reload.overdue = nil, nil
	l.adoptLevel(l.now().config.Log.Level, p.next.config.Log.Level)
	l.force.Store(p.next)
	l.tidy()
	l.notifiers.Configure(p.next.notifiers)
	l.page.Set(pageSettings(p.next.config))
	l.askPeer()
	l.prepare()
	l.placed = nil // the balancer may have begun to synchronise
	l.place()
	l.emit(event.Event{Name: "config.applied", Reason: "hash " + p.next.config.Hash + ": " + p.plan.Summary(), Count: len(p.plan.Changes), By: p.by})
	l.d.Notify("READY=1")
	p.outcome <- Outcome{Applied: true, Diagnostics: p.told, Plan: &p.plan}
}

// rollBack goes back to the configuration in force, if another one is pending.
func (l *life) rollBack(reason string) {
	p := l.reload.pending
	if p == nil {
		return
	}
	l.reload.pending, l.reload.overdue = nil, nil
	l.tell(l.now(), p.roles, l.now().balancer())
	l.d.Notify("READY=1")
	l.reject(p.proposal, &p.plan, reason)
}

// reject tells everybody that the old configuration goes on.
func (l *life) reject(p proposal, plan *config.Plan, reason string) {
	l.tidy()
	l.emit(event.Event{Name: "config.rejected", Error: reason, By: p.by})
	p.outcome <- Outcome{Refused: reason, Diagnostics: p.told, Plan: plan}
}
