package election

import (
	"slices"
	"time"

	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/netif"
)

// The states of a tracker.
const (
	trackUnknown = "unknown"
	trackUp      = "up"
	trackDown    = "down"
)

// The kinds of trackers that the election must know.
const (
	trackInterface = "interface" // judged here, by the links
	trackFile      = "file"      // its number counts, not its state
)

// holdUp is how long a tracked interface that was down must have been up to count
// as up. Down counts at once.
const holdUp = 3 * time.Second

// ownerPriority is the priority of an address owner, which is always the same (RFC 9568,
// 5.2.4).
const ownerPriority = 255

// fitness is what the trackers of one instance say, and what follows: the
// effective priority, or why the instance cannot be master. What is not known yet
// counts as failed, unless it joined an election under way: that goes on as it is until it
// is known.
type fitness struct {
	base     uint8
	trackers []tracked
}

// tracked is one tracker with its newest verdict.
type tracked struct {
	Tracker
	verdict Verdict
	upSince time.Time // of an interface that is up but still counts as down
	joined  bool      // when the instance was in its election already
}

func newFitness(base uint8, trackers []Tracker) *fitness {
	f := &fitness{base: base}
	for _, t := range trackers {
		f.trackers = append(f.trackers, tracked{Tracker: t, verdict: Verdict{State: trackUnknown}})
	}
	return f
}

// hear takes the verdicts of the balancer on this instance. What it does not know
// does not undo what is known.
func (f *fitness) hear(instance string, verdicts []Verdict) (news []event.Event) {
	for i := range f.trackers {
		t := &f.trackers[i]
		at := slices.IndexFunc(verdicts, func(v Verdict) bool {
			return v.Instance == instance && v.Kind == t.Kind && v.Name == t.Name
		})
		if at >= 0 && verdicts[at].State != trackUnknown {
			news = t.take(verdicts[at], news)
		}
	}
	return news
}

// see judges the tracked interfaces by the links at an instant.
func (f *fitness) see(now time.Time, links netif.Links) (news []event.Event) {
	for i := range f.trackers {
		t := &f.trackers[i]
		if t.Kind != trackInterface {
			continue
		}
		l, exists := links[t.Name]
		v := Verdict{State: trackUp, Since: now}
		switch {
		case !exists:
			v.State, v.Error = trackDown, faultNoInterface
		case !l.Up:
			v.State, v.Error = trackDown, faultLinkDown
		case t.verdict.State == trackDown:
			if t.upSince.IsZero() {
				t.upSince = now
			}
			if now.Sub(t.upSince) < holdUp {
				continue
			}
		}
		t.upSince = time.Time{}
		if t.verdict.State == v.State {
			v.Since = t.verdict.Since
		}
		news = t.take(v, news)
	}
	return news
}

// take makes a verdict the newest one.
func (t *tracked) take(v Verdict, news []event.Event) []event.Event {
	if v.State != t.verdict.State {
		news = append(news, event.Event{Name: "track." + v.State, From: t.verdict.State, To: v.State, Reason: t.id(), Error: v.Error})
	}
	t.verdict = v
	return news
}

// awaited tells whether nothing follows from the tracker yet.
func (t *tracked) awaited() bool { return t.joined && t.verdict.State == trackUnknown }

// id is how reasons name a tracker.
func (t *tracked) id() string { return t.Kind + ":" + t.Name }

// priority is the effective one: what the trackers add to the configured priority
// and take from it, within 1–254. An owner's is not theirs to change.
func (f *fitness) priority() uint8 {
	if f.base == ownerPriority {
		return ownerPriority
	}
	p := int(f.base)
	for _, worth := range f.worths() {
		p += worth
	}
	return uint8(max(1, min(p, 254)))
}

// worth is what a tracker adds to the priority now.
func (t *tracked) worth() int {
	switch up := t.verdict.State == trackUp; {
	case t.awaited():
	case t.Kind == trackFile:
		return t.verdict.Value
	case t.Weight > 0 && up, t.Weight < 0 && !up:
		return t.Weight
	}
	return 0
}

// worths are what the trackers add, one by one.
func (f *fitness) worths() []int {
	all := make([]int, len(f.trackers))
	for i := range f.trackers {
		all[i] = f.trackers[i].worth()
	}
	return all
}

// moved names the trackers that add something else than before.
func (f *fitness) moved(before []int) (ids []string) {
	for i := range f.trackers {
		if t := &f.trackers[i]; t.worth() != before[i] {
			ids = append(ids, t.id())
		}
	}
	return ids
}

// faults are the reasons for which the instance cannot be master now, in the
// order of the configuration: trackers without weight that failed, and what must be
// known first.
func (f *fitness) faults() (reasons []string) {
	for i := range f.trackers {
		switch t := &f.trackers[i]; {
		case t.Weight != 0 || t.awaited():
		case t.verdict.State == trackUnknown:
			reasons = append(reasons, "track_pending:"+t.id())
		case t.verdict.State == trackDown && t.Kind != trackFile:
			reasons = append(reasons, "track_"+t.id())
		}
	}
	return reasons
}

// status is the trackers as `hald status` shows them.
func (f *fitness) status() []TrackerStatus {
	all := make([]TrackerStatus, 0, len(f.trackers))
	for _, t := range f.trackers {
		all = append(all, TrackerStatus{
			Name: t.Name, Kind: t.Kind, State: t.verdict.State, Weight: t.Weight, Value: t.verdict.Value, Error: t.verdict.Error, Since: t.verdict.Since,
		})
	}
	return all
}
