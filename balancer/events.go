package balancer

import (
	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/healthcheck"
)

// narrate tells what a step did to a service, one event after the other: ten thousand are
// megabytes. checks is the last result of a check.
func narrate(service *service, was, now state, checks func(checkID) CheckStatus, tell func(event.Event)) {
	before := among{members: was.members}
	for i := range now.members {
		m := &now.members[i]
		narrateMember(service, before.at(m.place, i), m, checks, tell)
	}
	of := func(name string) event.Event { return event.Event{Name: name, Service: service.Name} }
	switch {
	case now.quorum == lost && was.quorum != lost:
		tell(of("quorum.lost"))
	case now.quorum == held && was.quorum != held:
		tell(of("quorum.gained"))
	}
	switch {
	case now.sorry && !was.sorry:
		tell(of("sorry.on"))
	case was.sorry && !now.sorry:
		tell(of("sorry.off"))
	}
	switch {
	case now.guarded > was.guarded:
		tell(event.Event{Name: "guard.active", Service: service.Name, Count: now.guarded, Reason: guarding})
	case was.guarded > 0 && now.guarded == 0:
		tell(of("guard.over"))
	}
}

// narrateMember tells what happened to one server.
func narrateMember(service *service, was, now *memberState, checks func(checkID) CheckStatus, tell func(event.Event)) {
	of := func(name string) event.Event {
		return event.Event{Name: name, Service: service.Name, Server: now.name, Address: service.behind(now.place).String()}
	}
	switch from := was.verdict.String(); {
	case was.verdict == now.verdict:
	case now.verdict == healthcheck.Up:
		e := of("real_server.up")
		e.From, e.To = from, "up"
		tell(e)
	case now.verdict == healthcheck.Down:
		e, check := of("real_server.down"), checks(now.failed)
		e.From, e.To, e.Check, e.Error = from, "down", check.Kind, check.Error
		tell(e)
	}
	if from, to := was.override.String(), now.override.String(); from != to && was.name != "" {
		e := of("real_server.override")
		if e.From, e.To = from, to; now.override != nil {
			e.By = now.override.By
		}
		tell(e)
	}
	if now.draining && !was.draining {
		e := of("real_server.draining")
		e.Reason = now.reason
		tell(e)
	}
	if was.present && !now.present {
		e := of("real_server.removed")
		e.Reason = now.reason
		tell(e)
	}
}

// narrateGone tells of a virtual server that is no more.
func narrateGone(service *service, was state, tell func(event.Event)) {
	for i := range was.members {
		if m := &was.members[i]; m.present && m.name != "" {
			tell(event.Event{Name: "real_server.removed", Service: service.Name, Server: m.name, Address: service.behind(m.place).String(), Reason: serviceGone})
		}
	}
}
