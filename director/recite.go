package director

import (
	"context"
	"fmt"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// recitedServers is how many servers that are not up have a line of their own.
const recitedServers = 100

// recites writes the state to the log at every signal. It is the log's alone: nothing
// happened that a notifier, or who reads the events later, would have to know.
func (l *life) recites(ctx context.Context) {
	for {
		select {
		case <-l.d.Recite:
			d, err := l.asked(ctx, true)
			if err != nil {
				return
			}
			for _, e := range recital(d, time.Now()) {
				l.d.Log(l.stamped(e))
			}
		case <-ctx.Done():
			return
		}
	}
}

// recital is a document in events: one an instance, one a virtual server, and one for
// each of the servers that are not up, of which there are recitedServers at most.
func recital(d Document, now time.Time) (events []event.Event) {
	for _, s := range d.VRRPInstances {
		events = append(events, recitedInstance(s, now))
	}
	left := recitedServers
	for _, s := range d.VirtualServers {
		e := event.Event{Name: "daemon.state", Service: s.Name, To: "quorum", Error: s.Error}
		if !s.HasQuorum {
			e.To = "no_quorum"
		}
		for _, r := range s.RealServers {
			if r.State == "up" {
				e.Count++
			}
		}
		e.Reason = fmt.Sprintf("%d of %d servers are up", e.Count, len(s.RealServers))
		if s.Sorry {
			e.Reason += ", the sorry server answers"
		}
		events = append(events, e)
		for _, r := range s.RealServers {
			if r.State != "up" && left > 0 {
				left--
				events = append(events, recitedServer(s.Name, r, now))
			}
		}
	}
	return events
}

func recitedInstance(s election.Status, now time.Time) event.Event {
	e := event.Event{Name: "daemon.state", Instance: s.Name, VRID: s.VRID, SyncGroup: s.SyncGroup, Interface: s.Interface,
		To: s.State, Reason: s.WhyNotMaster, Peer: s.Master, Priority: s.EffectivePriority, PeerPriority: s.MasterPriority}
	if e.Reason == "" {
		e.Reason = s.Reason
	}
	if !s.Since.IsZero() {
		e.DurationMS = event.Milliseconds(now.Sub(s.Since))
	}
	return e
}

func recitedServer(service string, r balancer.ServerStatus, now time.Time) event.Event {
	e := event.Event{Name: "daemon.state", Service: service, Server: r.Name, Address: r.Address, To: r.State}
	if !r.Since.IsZero() {
		e.DurationMS = event.Milliseconds(now.Sub(r.Since))
	}
	for _, c := range r.Checks {
		if !c.OK && c.Error != "" {
			e.Check, e.Error = c.Kind, c.Error
			break
		}
	}
	return e
}
