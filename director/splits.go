package director

import (
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// What a split is seen by: the field via of vrrp.split. They are stable names.
const (
	viaAdverts = "adverts" // the election hears another master
	viaPeer    = "peer"    // the other director says that it is master, when asked
)

// split is another master of an instance beside this one. Whatever it is seen by, it is
// one: told once when it is first seen, and once when nothing sees it any more.
type split struct {
	event event.Event          // its start, as told
	since time.Time            // when it began, as far as is known
	until time.Time            // the last moment known so far
	open  map[string]time.Time // by what sees it now: since when that says it lasts
	via   []string             // all that have seen it, in order
}

// splits are those under way, by instance.
type splits map[string]*split

// begin notes that a split is seen, and answers with what is to be told; false: it is
// known already.
func (s splits) begin(via string, since time.Time, e event.Event) (event.Event, bool) {
	now := s[e.Instance]
	if now != nil {
		if !slices.Contains(now.via, via) {
			now.via = append(now.via, via)
		}
		now.open[via] = since
		return e, false
	}
	e.Via = via
	s[e.Instance] = &split{event: e, since: since, until: since, open: map[string]time.Time{via: since}, via: []string{via}}
	return e, true
}

// end notes until when a split was seen, and answers with what is to be told; false: it
// is seen by something else still, or was not known.
func (s splits) end(via, instance string, until time.Time) (event.Event, bool) {
	now := s[instance]
	if now == nil || now.open[via].IsZero() {
		return event.Event{}, false
	}
	delete(now.open, via)
	if until.After(now.until) {
		now.until = until
	}
	if len(now.open) > 0 {
		return event.Event{}, false
	}
	delete(s, instance)
	e := now.event
	e.Time, e.Seq, e.Error = time.Time{}, 0, ""
	e.Reason, e.Via, e.DurationMS = "end", strings.Join(now.via, ","), event.Milliseconds(now.until.Sub(now.since))
	return e, true
}

// heard is begin and end of what the election says. Of one that it alone has seen its
// end is told as it is: it may sum up several.
func (s splits) heard(e event.Event) (event.Event, bool) {
	at := e.Time
	if at.IsZero() {
		at = time.Now()
	}
	if e.Reason == "start" {
		return s.begin(viaAdverts, at, e)
	}
	alone, began := false, at
	if now := s[e.Instance]; now != nil {
		alone = len(now.via) == 1
		if since, open := now.open[viaAdverts]; open {
			began = since
		}
	}
	over, tell := s.end(viaAdverts, e.Instance, began.Add(time.Duration(e.DurationMS*float64(time.Millisecond))))
	if alone {
		e.Via = viaAdverts
		return e, tell
	}
	return over, tell
}

// endAll ends what something sees of all instances.
func (s splits) endAll(via string, until time.Time) (over []event.Event) {
	for _, instance := range s.instances() {
		if e, tell := s.end(via, instance, until); tell {
			over = append(over, e)
		}
	}
	return over
}

func (s splits) instances() (names []string) {
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// status is nil where there is none.
func (s splits) status(instance string) *election.SplitStatus {
	now := s[instance]
	if now == nil {
		return nil
	}
	return &election.SplitStatus{Peer: now.event.Peer, Since: now.since, Via: now.via}
}

// forget ends all that was seen of an instance.
func (s splits) forget(instance string, until time.Time) (over event.Event, tell bool) {
	for _, via := range []string{viaAdverts, viaPeer} {
		if e, last := s.end(via, instance, until); last {
			return e, true
		}
	}
	return over, false
}

// report emits an event of a worker, or what it comes to beside what the peer says.
func (l *life) report(e event.Event) {
	tell := true
	if e.Name == "vrrp.split" {
		e, tell = l.splits.heard(e)
	}
	if tell {
		l.emit(e)
	}
	if e.Name == "worker.exited" && e.Reason == RoleElection {
		for _, over := range l.splits.endAll(viaAdverts, time.Now()) {
			l.emit(over)
		}
	}
}
