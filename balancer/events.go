package balancer

import (
	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/healthcheck"
)

// narrate tells what a step did to a service. checks is the last result of a check.
func narrate(service string, was, now state, checks func(checkID) CheckStatus) []event.Event {
	var story []event.Event
	tell := func(name string) {
		story = append(story, event.Event{Name: name, Service: service})
	}
	for _, p := range now.places {
		story = append(story, narrateMember(service, was.members[p], now.members[p], checks)...)
	}
	switch {
	case now.quorum == lost && was.quorum != lost:
		tell("quorum.lost")
	case now.quorum == held && was.quorum != held:
		tell("quorum.gained")
	}
	switch {
	case now.sorry && !was.sorry:
		tell("sorry.on")
	case was.sorry && !now.sorry:
		tell("sorry.off")
	}
	switch {
	case now.guarded > was.guarded:
		story = append(story, event.Event{Name: "guard.active", Service: service, Count: now.guarded, Reason: guarding})
	case was.guarded > 0 && now.guarded == 0:
		tell("guard.over")
	}
	return story
}

// narrateMember tells what happened to one server.
func narrateMember(service string, was, now memberState, checks func(checkID) CheckStatus) []event.Event {
	var story []event.Event
	tell := func(e event.Event) {
		e.Service, e.Server, e.Address = service, now.name, now.address.String()
		story = append(story, e)
	}
	switch from := was.verdict.String(); {
	case was.verdict == now.verdict:
	case now.verdict == healthcheck.Up:
		tell(event.Event{Name: "real_server.up", From: from, To: "up"})
	case now.verdict == healthcheck.Down:
		check := checks(now.failed)
		tell(event.Event{Name: "real_server.down", From: from, To: "down", Check: check.Kind, Error: check.Error})
	}
	if from, to := was.override.String(), now.override.String(); from != to && was.name != "" {
		e := event.Event{Name: "real_server.override", From: from, To: to}
		if now.override != nil {
			e.By = now.override.By
		}
		tell(e)
	}
	if now.draining && !was.draining {
		tell(event.Event{Name: "real_server.draining", Reason: now.reason})
	}
	if was.present && !now.present {
		tell(event.Event{Name: "real_server.removed", Reason: now.reason})
	}
	return story
}

// narrateGone tells of a virtual server that is no more.
func narrateGone(service string, was state) []event.Event {
	var story []event.Event
	for _, p := range was.places {
		if m := was.members[p]; m.present {
			story = append(story, event.Event{Name: "real_server.removed", Service: service, Server: m.name, Address: m.address.String(), Reason: serviceGone})
		}
	}
	return story
}
