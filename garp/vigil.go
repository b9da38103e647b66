package garp

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// suspicion is how long a claim waits for what explains it: the advertisement of
	// another master, which comes with its announcements, but not in one queue.
	suspicion = 300 * time.Millisecond

	probeEvery  = 10 * time.Minute // for those who claim an address and never say so
	reportEvery = 10 * time.Minute // of one MAC that goes on
	incident    = time.Minute      // a MAC that was quiet for so long begins anew

	insistence = 2 * time.Second // whose claim comes so soon after ours answers it

	// defendEvery is DEFEND_INTERVAL (RFC 5227, 1.1), and what a busy machine may
	// add before the first of two announcements leaves.
	defendEvery = 10*time.Second + 500*time.Millisecond

	// In a split, the last word of a burst is to be ours: what is claimed is
	// contradicted when nothing more was claimed for a while, or after longestHush.
	// Whatever is claimed, it is a burst of announcements, then one a period.
	hush            = 20 * time.Millisecond
	longestHush     = 100 * time.Millisecond
	contradictBurst = 3
	contradictEvery = 5 * time.Second

	// Whatever is forged, so much is reported: a burst, then one a minute.
	reportBurst  = 10
	reportPeriod = time.Minute
	maxStrangers = 64 // MACs that are remembered
)

// Vigil judges what others claim while a node holds addresses. It knows the MACs
// that have claimed one, and answers what is to be done about them. It has no
// clock and no goroutine: the owner calls Due whenever Deadline has passed.
//
// A node takes addresses over from another one, which may go on answering for them
// for good reasons: so nothing is judged for a grace. Who still claims an address then
// is reported, and it is defended by a single announcement in ten seconds
// (RFC 5227, 2.4, c). Those who were heard in the grace are left alone once they
// have answered an announcement: they were there first, and one of them may be the
// rightful master, whom this node cannot hear. Who falls silent was master for a
// moment, and has left clients with its MAC.
//
// While two masters are known of, the better one contradicts every announcement of
// the other, which draws clients to a node that may be deaf to it for long.
type Vigil struct {
	addrs map[netip.Addr]bool
	grace time.Duration

	quiet     time.Time // nothing is judged before
	probe     time.Time // the next one
	suspended bool
	strangers map[MAC]*stranger
	reports   limit
	threat    map[netip.Addr]bool // addresses to be defended
	defend    time.Time           // when; zero: nothing is threatened
	defended  time.Time
	announced time.Time // by us, as we took the addresses or defended them

	claimed    map[netip.Addr]time.Time // when each address was last claimed by a stranger
	unanswered time.Time                // the first claim in a split that was not contradicted; zero: none
	contradict limit
}

// stranger is a MAC that is not ours and claims our addresses.
type stranger struct {
	before   bool // it claimed one before we were sure of it
	insists  bool // it has answered an announcement of ours
	last     time.Time
	reported time.Time
	report   time.Time // when what it claims is reported; zero: it is not
	addrs    []netip.Addr
	count    int // claims since the last report
}

// Conflict is what is to be reported: a MAC, the addresses it claimed and how
// often.
type Conflict struct {
	MAC   MAC
	Addrs []netip.Addr
	Count int
}

// Duty is what is to be done now.
type Duty struct {
	Probe     bool         // ask who else has the addresses
	Conflicts []Conflict   // report them
	Defend    []netip.Addr // announce each of them once
}

// NewVigil begins as the node has taken addresses. The grace is how long a
// previous holder may keep them.
func NewVigil(now time.Time, addrs []netip.Addr, grace time.Duration) *Vigil {
	v := &Vigil{
		addrs: map[netip.Addr]bool{}, grace: grace, claimed: map[netip.Addr]time.Time{},
		reports:    limit{burst: reportBurst, period: reportPeriod},
		contradict: limit{burst: contradictBurst, period: contradictEvery},
	}
	for _, a := range addrs {
		v.addrs[a] = true
	}
	v.begin(now)
	return v
}

// begin forgets everybody and asks who is there.
func (v *Vigil) begin(now time.Time) {
	v.strangers, v.threat = map[MAC]*stranger{}, map[netip.Addr]bool{}
	v.quiet, v.probe, v.defend, v.unanswered = now.Add(v.grace), now, time.Time{}, time.Time{}
	v.announced = now
}

// Suspend says that two masters are known of, of whom the other should yield: its
// claims are no news, but contradicted, those too that were heard just before its
// advertisement was. The end of it is as if the addresses were taken then, but that nobody
// answers it: whoever was master for a moment may be so again in the next.
func (v *Vigil) Suspend(now time.Time, on bool) {
	v.suspended = on
	v.begin(now)
	if !on {
		v.announced = time.Time{}
		return
	}
	for a, at := range v.claimed {
		if now.Sub(at) < suspicion {
			v.deny(now, a)
		}
	}
}

// deny has a claim contradicted.
func (v *Vigil) deny(now time.Time, a netip.Addr) {
	v.threat[a] = true
	if v.unanswered.IsZero() {
		v.unanswered = now
	}
	v.defend = latest(earliest(now.Add(hush), v.unanswered.Add(longestHush)), v.contradict.ready(0))
}

// Heard takes a claim of a MAC that is none of the node's own.
func (v *Vigil) Heard(now time.Time, c Claim) {
	if !v.addrs[c.Addr] {
		return
	}
	v.claimed[c.Addr] = now
	if v.suspended {
		v.deny(now, c.Addr)
		return
	}
	s := v.strangers[c.MAC]
	if s == nil {
		if len(v.strangers) == maxStrangers { // forged ones must not fill the memory
			clear(v.strangers)
		}
		s = &stranger{}
		v.strangers[c.MAC] = s
	}
	silent := now.Sub(s.last)
	s.last = now
	s.insists = s.insists && silent < incident || now.Sub(v.announced) < insistence
	if now.Before(v.quiet) {
		s.before = true
	} else {
		v.suspect(now, s, c.Addr, silent)
	}
	if s.before && s.insists {
		return
	}
	v.threat[c.Addr] = true
	if v.defend.IsZero() {
		v.defend = latest(latest(now.Add(suspicion), v.quiet), v.defended.Add(defendEvery))
	}
}

// suspect has a stranger reported, if that is news.
func (v *Vigil) suspect(now time.Time, s *stranger, a netip.Addr, silent time.Duration) {
	news := s.reported.IsZero() || now.Sub(s.reported) >= reportEvery || silent >= incident
	if news && s.report.IsZero() {
		s.report = now.Add(suspicion)
	}
	s.count++
	if !slices.Contains(s.addrs, a) {
		s.addrs = append(s.addrs, a)
	}
}

// Deadline returns when Due has something to do; zero if never.
func (v *Vigil) Deadline() time.Time {
	if v.suspended {
		return v.defend
	}
	next := earliest(v.probe, v.defend)
	for _, s := range v.strangers {
		next = earliest(next, v.reportable(s))
	}
	return next
}

// reportable is when a stranger is reported; zero if it is not.
func (v *Vigil) reportable(s *stranger) time.Time {
	if s.report.IsZero() {
		return s.report
	}
	return latest(s.report, v.reports.ready(0))
}

// Due answers what is to be done now.
func (v *Vigil) Due(now time.Time) (d Duty) {
	if !v.suspended {
		d = v.inquire(now)
	}
	if !due(v.defend, now) {
		return d
	}
	for a := range v.threat {
		d.Defend = append(d.Defend, a)
	}
	slices.SortFunc(d.Defend, netip.Addr.Compare)
	clear(v.threat)
	v.defend, v.unanswered = time.Time{}, time.Time{}
	if v.suspended {
		v.contradict.take(now)
	} else {
		v.defended, v.announced = now, now
	}
	return d
}

// inquire asks and reports.
func (v *Vigil) inquire(now time.Time) (d Duty) {
	if due(v.probe, now) {
		d.Probe, v.probe = true, now.Add(probeEvery)
		if now.Before(v.quiet) {
			v.probe = v.quiet // who answers that one has not given up
		}
	}
	for mac, s := range v.strangers {
		if due(v.reportable(s), now) {
			v.reports.take(now)
			d.Conflicts = append(d.Conflicts, Conflict{mac, s.addrs, s.count})
			s.reported, s.report, s.addrs, s.count = now, time.Time{}, nil, 0
		}
	}
	return d
}
