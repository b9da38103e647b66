package config

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// terms are what a sync group's members have in common, for they hold one
// election.
type terms struct {
	priority     field[int]
	interval     field[time.Duration]
	preempt      field[bool]
	preemptDelay field[time.Duration]
	onSplit      field[string]
}

// readSyncGroups reads all vrrp_sync_group blocks.
func (r *reader) readSyncGroups(root *block, instances []instance) []SyncGroup {
	var all []SyncGroup
	names := map[string]hcl.Range{}
	taken := map[string]membership{}
	for _, b := range root.nested["vrrp_sync_group"] {
		r.checkLabel(b)
		r.unique(names, b.label, b.labelAt, "Duplicate vrrp_sync_group")
		g := SyncGroup{Name: b.label}
		var joined []*instance
		members := readList(r, b, "members", text)
		r.mustBeGiven(b, "members", "the names of the vrrp_instances that are master together", members.given)
		for _, m := range members.value {
			if !m.ok {
				continue
			}
			in := r.findMember(m, instances)
			if in == nil || !r.joinsOne(m, b, taken) {
				continue
			}
			g.Members = append(g.Members, m.value)
			joined = append(joined, in)
		}
		r.checkTerms(b, joined)
		r.sharePreemption(b, joined)
		if members.ok && members.given && len(members.value) < 2 {
			r.fail(members.at, "Too few members", fmt.Sprintf(
				"%s needs two members or more. A vrrp_instance by itself needs no group.", b.title()))
		}
		all = append(all, g)
	}
	return all
}

// findMember is the instance that a member names; nil, and reported, when there
// is none.
func (r *reader) findMember(m field[string], instances []instance) *instance {
	var names []string
	for i := range instances {
		if instances[i].Name == m.value {
			return &instances[i]
		}
		names = append(names, instances[i].Name)
	}
	hint := didYouMean(m.value, names)
	if hint == "" && len(names) > 0 && !m.text.hidden {
		hint = fmt.Sprintf(" There are %s.", enumerate(names, "and"))
	}
	r.fail(m.at, "Unknown member", fmt.Sprintf("There is no vrrp_instance %s.%s", m.shown(), hint))
	return nil
}

// membership is the group that an instance is in, and where that is said.
type membership struct {
	group *block
	at    hcl.Range
}

// joinsOne reports an instance that is in a group already.
func (r *reader) joinsOne(m field[string], group *block, taken map[string]membership) bool {
	other, again := taken[m.value]
	if !again {
		taken[m.value] = membership{group, m.at}
		return true
	}
	where := "of " + other.group.title()
	if other.group == group {
		where = "in this list"
	}
	r.fail(m.at, "Duplicate member", fmt.Sprintf("vrrp_instance %s is a member %s already, at %s. An instance takes part in one election.", m.shown(), where, position(other.at)))
	return false
}

// checkTerms reports what a member has otherwise than the first.
func (r *reader) checkTerms(group *block, members []*instance) {
	for i := 1; i < len(members); i++ {
		differ(r, "priority", group, members[0], members[i], members[0].terms.priority, members[i].terms.priority)
		differ(r, "advertisement_interval", group, members[0], members[i], members[0].terms.interval, members[i].terms.interval)
	}
}

// sharePreemption gives all members what one of them says of preemption, and of splits.
func (r *reader) sharePreemption(group *block, members []*instance) {
	preempt := agreed(r, "preempt", group, members, func(t *terms) *field[bool] { return &t.preempt })
	delay := agreed(r, "preempt_delay", group, members, func(t *terms) *field[time.Duration] { return &t.preemptDelay })
	if preempt != nil && delay != nil && preempt != delay && preempt.NoPreempt && delay.PreemptDelay > 0 {
		at := delay.terms.preemptDelay.at
		r.fail(at, "Invalid preempt_delay", fmt.Sprintf(
			"%s never preempts (preempt = false in %s, at %s), so there is nothing that %s could delay. Leave preempt_delay out, or write \"0s\".",
			group.title(), preempt.block.title(), position(preempt.terms.preempt.at), delay.terms.preemptDelay.shown()))
	}
	agreed(r, "on_split", group, members, func(t *terms) *field[string] { return &t.onSplit })
	for _, in := range members {
		in.OnSplit = in.terms.onSplit.value
		in.NoPreempt = !in.terms.preempt.value
		in.PreemptDelay = in.terms.preemptDelay.value
	}
}

// agreed gives the members who leave an attribute out the value of the first who does not, and
// returns that one; nil: nobody says it. Members who say different things are reported.
func agreed[T comparable](r *reader, name string, group *block, members []*instance, of func(*terms) *field[T]) (first *instance) {
	for _, in := range members {
		switch {
		case !of(&in.terms).given:
		case first == nil:
			first = in
		default:
			differ(r, name, group, first, in, *of(&first.terms), *of(&in.terms))
		}
	}
	for _, in := range members {
		if f := of(&in.terms); first != nil && !f.given {
			f.value, f.ok = of(&first.terms).value, of(&first.terms).ok
		}
	}
	return first
}

// differ reports two members of which each has another value.
func differ[T comparable](r *reader, name string, group *block, first, in *instance, a, b field[T]) {
	if !a.ok || !b.ok || a.value == b.value {
		return
	}
	r.fail(b.at, "Members differ", fmt.Sprintf(
		"%s holds one election, for which its members have one %s. It is %s in %s, at %s, and %s in %s.",
		group.title(), name, orDefault(a), first.block.title(), position(a.at), orDefault(b), in.block.title()))
}
