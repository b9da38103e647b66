package director

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/notify"
)

// tellingBound is how long a stop waits for notifiers that have something to tell.
const tellingBound = 5 * time.Second

// life is the state of a running director. One goroutine, the one in run, owns
// all of it but the ring; supervisors and admin requests reach it by channels.
type life struct {
	d        *Director
	force    atomic.Pointer[force]
	ring     *event.Ring
	messages chan message // from the supervisors
	asks     chan ask     // from admin requests
	orders   chan any     // to the election
	placing  chan any     // to the balancer: the newest place that waits
	tracks   chan any     // to the election: the newest verdicts that wait

	brief   atomic.Pointer[election.Command] // what an election is told first
	planned plannedWork
	reload  reloader

	overrides overrides
	log       LogStatus
	notifiers *notify.Set
	moved     moves

	began      time.Time
	seq        uint64      // of the last event
	tidier     *time.Timer // nil: nothing was read yet
	instances  []election.Status
	shows      shows               // what services are like, for who asked
	kernel     balancer.Operations // what the kernel was told, when the balancer was last asked
	counted    tally
	placed     *bool                  // what the balancer knows: master or not; nil: nothing
	places     map[string]event.Event // last transition of each instance
	verdicts   []election.Verdict     // of the trackers; nil: none were heard
	configured map[string]bool        // workers that were told their part at least once
	working    map[string]bool        // workers that were told it in this life of theirs
	summary    string                 // the last one that the service manager was told
	page       *admin.Page
	reported   time.Time // when instances were
	splits     splits
	asking     asking // the peer
	peerWatch  peerWatch
	peer       peering
}

func newLife(d *Director) *life {
	l := &life{
		d:          d,
		ring:       event.NewRing(eventsKept),
		messages:   make(chan message),
		asks:       make(chan ask),
		orders:     make(chan any),
		tracks:     make(chan any, 1),
		placing:    make(chan any, 1),
		shows:      newShows(),
		places:     map[string]event.Event{},
		configured: map[string]bool{},
		working:    map[string]bool{},
		counted:    newTally(),
		planned:    plannedWork{memory: newMemory(plannedFile(d.StateDir))},
		overrides:  overrides{memory: newMemory(overridesFile(d.StateDir)), news: make(chan any, 1)},
		reload:     newReloader(),
		log:        LogStatus{Level: d.LogLevel},
		notifiers:  notify.NewSet(),
		moved:      moves{},
		splits:     splits{},
		peerWatch:  newPeerWatch(),
	}
	l.force.Store(d.newForce(d.Config))
	l.page = l.newPage()
	l.page.Set(pageSettings(d.Config))
	l.askPeer()
	return l
}

// run starts the workers and serves everyone until both have ended. The
// election is stopped first: as long as addresses are here the kernel should
// know where to send what arrives.
func (l *life) run(ctx context.Context, stop <-chan struct{}) {
	l.began = time.Now()
	l.now().loaded = l.began
	defer close(l.reload.ended)
	l.notifiers.Configure(l.now().notifiers)
	l.emit(event.Event{Name: "daemon.started", Reason: "version " + l.d.Version})
	l.emit(event.Event{Name: "config.loaded", Reason: "hash " + l.now().config.Hash})
	l.recall()
	l.recallOverrides()
	keeperStop, keeperDone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(keeperDone)
		var keepers sync.WaitGroup
		for _, m := range l.memories() {
			keepers.Go(func() { m.keeper.run(keeperStop, l.messages) })
		}
		keepers.Wait()
	}()
	electionStop, electionDone := l.supervise(ctx, l.electionWorker())
	balancerStop, balancerDone := l.supervise(ctx, l.balancerWorker())

	var stopped time.Time
	var farewell <-chan struct{}
	for electionDone != nil || balancerDone != nil {
		select {
		case m := <-l.messages:
			l.take(m)
		case e := <-l.notifiers.Reports():
			l.emit(e)
		case a := <-l.asks:
			l.question(a)
		case <-l.shows.overdue:
			l.show(balancerBlank(l.now().balancer(), notAnswering))
		case p := <-l.reload.proposals:
			l.propose(p)
		case <-l.reload.overdue:
			l.rollBack("not every process said in time that it is configured")
		case <-stop:
			stop = nil
			l.rollBack("it is stopping")
			stopped = time.Now()
			l.d.Notify("STOPPING=1")
			l.emit(event.Event{Name: "daemon.stopping"})
			farewell = l.farewell()
		case <-farewell:
			farewell = nil
			close(electionStop)
		case <-electionDone:
			electionDone = nil
			close(balancerStop)
		case <-balancerDone:
			balancerDone = nil
			l.noBalancer()
		}
	}
	close(keeperStop)
	select {
	case <-keeperDone:
	case <-time.After(slack): // a stuck disk keeps nobody from stopping
	}
	last := event.Event{Name: "daemon.stopped"}
	if !stopped.IsZero() {
		last.DurationMS = event.Milliseconds(time.Since(stopped))
	}
	bound := tellingBound
	if ctx.Err() != nil {
		last.Error, bound = ErrKilled.Error(), 0
	}
	l.emit(last)
	l.notifiers.Close(bound, func(e event.Event) { l.keep(e) })
}

// take keeps what a supervisor reports.
func (l *life) take(m message) {
	if m.event != nil {
		l.report(*m.event)
		l.follow(*m.event)
		if m.event.Name == "worker.exited" {
			l.working[m.event.Reason] = false
		}
		if p := l.reload.pending; p != nil && m.event.Name == "worker.exited" && slices.Contains(p.roles, m.event.Reason) {
			l.rollBack("the " + m.event.Reason + " died of it, or at that moment")
		}
	}
	if m.move != nil {
		l.move(*m.move)
	}
	if m.instances != nil {
		l.instances, l.reported = m.instances, time.Now()
		l.compare()
		l.d.Notify("WATCHDOG=1") // every virtual router has answered for it
		l.summarise()
		l.place()
	}
	if m.services != nil {
		l.kernel = m.kernel
		l.show(m.services)
	}
	if m.peer != nil {
		l.hearPeer(*m.peer)
	}
	if m.idle {
		l.noBalancer()
	}
	if m.tracks != nil {
		l.track(m.tracks)
	}
	if m.configured == RoleBalancer {
		l.shows.working = true
		l.tidy()
		l.placed = nil
		l.place()
	}
	if m.configured == RoleElection {
		l.tellVerdicts()
	}
	if m.answer != nil {
		l.answered(*m.answer)
	}
	if m.planned != nil {
		l.plan(*m.planned)
	}
	if m.kept != nil {
		l.keptUp(*m.kept)
	}
	if m.level != nil {
		l.obeyLevel(*m.level)
	}
	if m.override != nil {
		m.override.answer <- l.override(*m.override)
	}
	if m.configured != "" {
		l.working[m.configured] = true
	}
	if m.configured != "" && !l.configured[m.configured] {
		l.configured[m.configured] = true
		if l.configured[RoleElection] && l.configured[RoleBalancer] {
			l.emit(event.Event{Name: "config.applied", Reason: "hash " + l.now().config.Hash})
			l.d.Notify("READY=1")
		}
	}
}

// follow keeps the transitions complete: what a dead election cannot report any
// more, the director reports for it, so that the log alone tells who was what when.
func (l *life) follow(e event.Event) {
	switch {
	case e.Name == "vrrp.transition":
		l.places[e.Instance] = e
	case e.Name == "worker.exited" && e.Reason == RoleElection:
		for _, name := range slices.Sorted(maps.Keys(l.places)) {
			if last := l.places[name]; last.To != "init" {
				l.emit(event.Event{Name: "vrrp.transition", Instance: name, VRID: last.VRID, SyncGroup: last.SyncGroup, From: last.To, To: "init", Reason: "election_died"})
			}
		}
		clear(l.places)
	}
}

// emit stamps an event and hands it on.
func (l *life) emit(e event.Event) {
	e = l.keep(e)
	l.notifiers.Tell(e)
	l.herald(happened(e), func() {})
}

// keep stamps an event for the ring and the log.
func (l *life) keep(e event.Event) event.Event {
	l.seq++
	if l.seq%loud == 0 {
		l.tidy()
	}
	e.Seq = l.seq
	e = l.stamped(e)
	l.counted.add(e)
	l.ring.Add(e)
	l.d.Log(e)
	return e
}

// stamped says whose event it is, and when it happened if it does not say so itself.
func (l *life) stamped(e event.Event) event.Event {
	e.Cluster = l.now().config.Cluster
	e.Director = l.now().config.Director.Name
	e.DryRun = l.d.DryRun
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.DurationMS = math.Round(e.DurationMS*1000) / 1000
	return e
}
