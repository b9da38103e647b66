package garp

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// round is how many addresses are asked for at once; each has a millisecond until
	// the next ones have their turn.
	round = 128

	// An inquiry asks for every address twice. The pause between is an eighth of the
	// advertisement interval, in these limits: what is asked half an interval before the
	// down timer ends is answered, and judged, by then.
	rounds       = 2
	shortestPace = 8 * time.Millisecond
	longestPace  = 200 * time.Millisecond

	// So often the routers are asked for after a suspect spoke, and have a pace to answer
	// each time: a machine that stands still for one of them has not heard what was said.
	hearings = 2

	persistence  = time.Second // then it asks for those that a stranger has
	strangerGone = 3 * time.Second
	attention    = 3 * time.Second // how long it goes on at least

	// Whatever adverts do, so often an inquiry begins: a few times, then once in a while.
	inquiryBurst  = 3
	inquiryPeriod = 10 * time.Second
)

// Inquiry finds out who has addresses that a node may have to take, before it does.
// A master that is dead, or not heard, goes on answering for them, and has to: so only
// those are strangers of whom nobody says that they are routers. Routers are found by
// their own addresses, which are asked for along with the others; nobody is judged before
// that was done twice after it spoke, for every router that is known. It has no clock and
// no goroutine: the owner calls Due whenever Deadline has passed.
type Inquiry struct {
	addrs    []netip.Addr
	known    map[netip.Addr]bool // the same
	pace     time.Duration
	patience time.Duration
	router   func(MAC) bool

	until    time.Time // its end; zero: none is under way
	next     time.Time // when is asked again
	asked    int       // how often it was
	suspects map[MAC]*suspect
	starts   limit
	reports  limit
	told     map[MAC]time.Time // when each MAC was reported, in earlier inquiries too
}

// suspect is a MAC that claims an address and is none of a router's, as far as is known.
type suspect struct {
	addrs  []netip.Addr
	last   time.Time
	asked  int       // so often the routers were, since it spoke
	judged time.Time // from then on it is a stranger; zero: not yet
	count  int
	told   bool
}

// Question is what is to be done now.
type Question struct {
	Routers   bool         // ask where the routers are, before anything else
	Addrs     []netip.Addr // ask who has these
	Conflicts []Conflict   // report them
}

// NewInquiry is for addresses of a virtual router whose advertisements come at an
// interval. router tells whether a MAC is known as one of a router's.
func NewInquiry(addrs []netip.Addr, interval time.Duration, router func(MAC) bool) *Inquiry {
	q := &Inquiry{
		addrs: addrs, known: map[netip.Addr]bool{}, router: router,
		pace:     min(max(interval/8, shortestPace), longestPace),
		patience: max(attention, 2*interval),
		suspects: map[MAC]*suspect{}, told: map[MAC]time.Time{},
		starts:  limit{burst: inquiryBurst, period: inquiryPeriod},
		reports: limit{burst: reportBurst, period: reportPeriod},
	}
	for _, a := range addrs {
		q.known[a] = true
	}
	return q
}

// Pace is the time between two questions, and how long routers have to answer one.
func (q *Inquiry) Pace() time.Duration { return q.pace }

// Begin says that the answer may be needed soon. An inquiry that is under way goes on
// for longer; it begins anew if it has nothing left to ask, and not too often.
func (q *Inquiry) Begin(now time.Time) {
	if idle := !q.Active() || q.asked >= rounds*q.parts() && len(q.suspects) == 0; idle && !now.Before(q.starts.ready(0)) {
		q.starts.take(now)
		q.next, q.asked = now, 0
		clear(q.suspects)
		q.until = now
	}
	if q.Active() {
		q.until = now.Add(q.patience)
	}
}

// End says that the answer is not needed any more.
func (q *Inquiry) End() {
	q.until = time.Time{}
	clear(q.suspects)
}

// Active tells whether an inquiry is under way.
func (q *Inquiry) Active() bool { return !q.until.IsZero() }

// parts is how many turns it takes to ask for all addresses.
func (q *Inquiry) parts() int { return (len(q.addrs) + round - 1) / round }

// Heard takes a claim of a MAC that is none of the node's own.
func (q *Inquiry) Heard(now time.Time, c Claim) {
	if !q.Active() || !q.known[c.Addr] || q.router(c.MAC) {
		return
	}
	s := q.suspects[c.MAC]
	if s == nil {
		if len(q.suspects) == maxStrangers { // one more says nothing new
			return
		}
		s = &suspect{}
		q.suspects[c.MAC] = s
	}
	s.last = now
	s.count++
	if !slices.Contains(s.addrs, c.Addr) {
		s.addrs = append(s.addrs, c.Addr)
	}
}

// Met says that a router is known that was not: nobody is judged before it was asked for.
func (q *Inquiry) Met(now time.Time) {
	for _, s := range q.suspects {
		if !s.told {
			s.asked, s.judged = 0, time.Time{}
			q.next = now
		}
	}
}

// Taken tells whether a stranger has one of the addresses, as far as the last Due knew.
func (q *Inquiry) Taken(now time.Time) bool {
	for _, s := range q.suspects {
		if due(s.judged, now) {
			return true
		}
	}
	return false
}

// Deadline returns when Due has something to do; zero if never.
func (q *Inquiry) Deadline() time.Time {
	if !q.Active() {
		return time.Time{}
	}
	next := earliest(q.until, q.next)
	for _, s := range q.suspects {
		if !s.judged.IsZero() && !s.told {
			next = earliest(next, latest(s.judged, q.reports.ready(0)))
		}
	}
	return next
}

// Due answers what is to be done now.
func (q *Inquiry) Due(now time.Time) (d Question) {
	if due(q.until, now) {
		q.End()
	}
	if !q.Active() {
		return d
	}
	for mac, s := range q.suspects {
		if now.Sub(s.last) >= strangerGone || q.router(mac) {
			delete(q.suspects, mac)
		}
	}
	if due(q.next, now) {
		d.Addrs = q.ask(now)
		d.Routers = len(d.Addrs) > 0
	}
	d.Conflicts = q.report(now)
	return d
}

// ask is the next turn: all addresses, as often as they are asked for, then those that
// a suspect has.
func (q *Inquiry) ask(now time.Time) (addrs []netip.Addr) {
	q.asked++
	open := false
	for _, s := range q.suspects {
		if s.asked++; s.asked == hearings {
			s.judged = now.Add(q.pace)
		}
		open = open || s.asked < hearings
	}
	if turn := q.asked - 1; turn < rounds*q.parts() {
		begin := turn % q.parts() * round
		addrs = q.addrs[begin:min(begin+round, len(q.addrs))]
		q.next = now.Add(max(q.pace, time.Duration(len(addrs))*time.Millisecond))
		return addrs
	}
	q.next = now.Add(persistence)
	if open {
		q.next = now.Add(q.pace)
	}
	for _, s := range q.suspects {
		for _, a := range s.addrs {
			if len(addrs) < round && !slices.Contains(addrs, a) {
				addrs = append(addrs, a)
			}
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs
}

// report names the suspects that were not told, unless they were a moment ago.
func (q *Inquiry) report(now time.Time) (list []Conflict) {
	for mac, s := range q.suspects {
		if s.told || !due(s.judged, now) || now.Before(q.reports.ready(0)) {
			continue
		}
		s.told = true
		if at, known := q.told[mac]; known && now.Sub(at) < incident {
			continue
		}
		if len(q.told) == maxStrangers {
			clear(q.told)
		}
		q.told[mac] = now
		q.reports.take(now)
		list = append(list, Conflict{mac, s.addrs, s.count})
	}
	return list
}
