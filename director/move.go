package director

import (
	"slices"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// moveSlack is what the election waits for a command beyond the command's own timeout:
// the director kills it at that, and should be heard then.
const moveSlack = 500 * time.Millisecond

// moves is what those who are awaited before addresses move were told last: by
// instance, whether the addresses are here. They are told of each move once: before
// it, or else when it has happened.
type moves map[string]bool

// before is how long the election waits before addresses move.
func before(blocks []config.Notifier) (longest time.Duration) {
	for _, b := range blocks {
		if b.Exec.Before {
			longest = max(longest, b.Exec.Timeout+moveSlack)
		}
	}
	return longest
}

// move tells those who are awaited of a move that the election waits with, and lets it
// go on when they have ended.
func (l *life) move(m election.Move) {
	all := l.gathered(func() {
		select {
		case l.orders <- election.Command{Proceed: &election.Proceed{Instance: m.Instances[0], Serial: m.Serial}}:
		case <-l.reload.ended:
		}
	}, len(m.Instances))
	for _, name := range m.Instances {
		e := event.Event{Name: transition, Instance: name, From: m.From, To: m.To, Reason: m.Reason, Peer: m.Peer, PeerPriority: m.PeerPriority}
		i := slices.IndexFunc(l.now().election.Instances, func(i election.Instance) bool { return i.Name == name })
		if i >= 0 {
			e.VRID, e.SyncGroup = int(l.now().election.Instances[i].VRID), l.now().election.GroupOf(name)
		}
		if m.Abandoned {
			e.Reason = "abandoned"
		}
		l.herald(e, all)
	}
}

// transition is the event that addresses move with.
const transition = "vrrp.transition"

// happened is an event as those know it who are awaited: a hand-over that was refused is a
// move back.
func happened(e event.Event) event.Event {
	if e.Name == "vrrp.handover_refused" {
		e.Name, e.From, e.To, e.Reason = transition, "backup", "master", "handover_refused"
	}
	return e
}

// herald tells those who are awaited of a move, if they do not know it yet.
func (l *life) herald(e event.Event, done func()) {
	here := e.To == "master"
	if e.Name != transition || l.moved[e.Instance] == here {
		done()
		return
	}
	l.moved[e.Instance] = here
	l.notifiers.Await(l.stamped(e), done)
}

// farewell tells them, before the election is stopped, of the addresses that are here.
// The channel is closed when they have ended.
func (l *life) farewell() <-chan struct{} {
	done := make(chan struct{})
	var masters []event.Event
	for _, last := range l.places {
		if last.To == "master" {
			last.From, last.To, last.Reason, last.Seq, last.Time = last.To, "init", "shutdown", 0, time.Time{}
			masters = append(masters, last)
		}
	}
	all := l.gathered(func() { close(done) }, len(masters)+1)
	all()
	for _, e := range masters {
		l.herald(e, all)
	}
	return done
}

// gathered calls done when it has been called so often, on a goroutine of its own. It
// may be called from several.
func (l *life) gathered(done func(), times int) func() {
	calls := make(chan struct{}, times)
	go func() {
		for range times {
			<-calls
		}
		done()
	}()
	return func() { calls <- struct{}{} }
}
