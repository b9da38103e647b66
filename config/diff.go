package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Diff is what changes when a director goes over from one configuration to another.
// Masters are the instances that are master on it now. It goes through all fields
// there are, so that a new one cannot be forgotten.
func Diff(was, is *Config, masters []string) Plan {
	p := Plan{From: was.Hash, To: is.Hash, Changes: []Change{}}
	p.compare(Change{Action: "change", Kind: "cluster", Effect: InPlace}, reflect.ValueOf(*was), reflect.ValueOf(*is))
	p.begin(was, is)
	serves := len(masters) > 0 || len(was.Instances) == 0
	for i := range p.Changes {
		c := &p.Changes[i]
		switch master := slices.Contains(masters, c.owner); {
		case c.Kind == "vrrp_instance" && c.Action == "change" && estranged(was, is, c.owner):
			c.Interrupts = "this director and one with the keys of before are deaf to each other, and both are master"
		case c.Effect == Anew && master:
			c.Interrupts = "the election of " + c.owner + " begins anew, and it is master here"
		case c.Kind == "vrrp_instance" && c.Action == "remove" && master:
			c.Interrupts = "it is master here, and its addresses go"
		case c.Kind == "virtual_address" && c.cuts && master:
			c.Interrupts = "it is held here, and goes"
		case c.Kind == "virtual_server" && c.cuts && serves:
			c.Interrupts = "clients are no longer sent to its servers"
		}
	}
	return p
}

// compare adds what is different about one object, and then about those in it. The
// change says which object it is.
func (p *Plan) compare(c Change, was, is reflect.Value) {
	var inner Plan
	c.compare(&inner, "", was, is)
	if len(c.Attributes) > 0 {
		p.Changes = append(p.Changes, c)
	}
	p.Changes = append(p.Changes, inner.Changes...)
}

// compare notes the attributes that are different; objects in this one go to the
// inner plan.
func (c *Change) compare(inner *Plan, prefix string, was, is reflect.Value) {
	t := was.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name, effect := attribute(t, f.Name), effectOf(t, f.Name)
		a, b := was.Field(i), is.Field(i)
		element := f.Type
		if f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Pointer {
			element = f.Type.Elem()
		}
		block, isBlock := blocks[element]
		switch {
		case effect == unplanned || element == reflect.TypeFor[Director]() && f.Type.Kind() == reflect.Struct && a.Interface().(Director).Name == b.Interface().(Director).Name:
		case f.Anonymous: // what checks share
			c.compare(inner, prefix, pointed(a), pointed(b))
		case isBlock && f.Name == "Check": // of a tracker: its probe
			c.compare(inner, name+" ", a, b)
		case isBlock && block.key == "" && f.Type.Kind() == reflect.Pointer && a.IsNil() != b.IsNil():
			action := map[bool]string{true: "add", false: "remove"}[a.IsNil()]
			inner.Changes = append(inner.Changes, Change{Action: action, Kind: block.name, Effect: effect})
		case isBlock && block.key == "" && f.Type.Kind() == reflect.Pointer:
			inner.compare(Change{Action: "change", Kind: block.name, Effect: effect}, pointed(a), pointed(b))
		case isBlock && block.key == "":
			inner.compare(Change{Action: "change", Kind: block.name, Effect: InPlace}, a, b)
		case isBlock && f.Type.Kind() != reflect.Struct:
			kind := block.name
			if f.Name == "Sorry" {
				kind = "sorry_server"
			}
			old, now := listed(a), listed(b)
			inner.lists(*c, kind, effect, old, now)
			if effect != Anew && element != reflect.TypeFor[Address]() { // peers are shown this order
				continue
			}
			if before, after := common(old, now), common(now, old); before != after {
				c.Attributes = append(c.Attributes, Attribute{prefix + "order of " + name, before, after})
				c.Effect = heavier(c.Effect, effect)
			}
		case f.Type.Kind() == reflect.Struct && f.Type.PkgPath() == t.PkgPath() && !isBlock:
			known := len(c.Attributes)
			if c.compare(inner, name+" ", a, b); len(c.Attributes) > known {
				c.Effect = heavier(c.Effect, effect)
			}
		case shownValue(a) != shownValue(b):
			old, now := shownValue(a), shownValue(b)
			if t == reflect.TypeFor[Admin]() && f.Name == "SocketMode" {
				old, now = fmt.Sprintf("%#o", a.Interface()), fmt.Sprintf("%#o", b.Interface())
			}
			if untold[t.Name()+"."+f.Name] {
				old, now = concealed(a), concealed(b)
			}
			c.Attributes = append(c.Attributes, Attribute{prefix + name, old, now})
			c.Effect = heavier(c.Effect, effect)
			c.cuts = c.cuts || t == reflect.TypeFor[Service]() && (f.Name == "Protocol" || f.Name == "Addresses" && loses(a, b))
		}
	}
}

// lists compares two lists of objects, by their keys. Effect is what a change of the
// list needs. Of ten thousand servers nearly all are what they were: those are left
// alone at once, without a look at their attributes.
func (p *Plan) lists(in Change, kind, effect string, was, is []keyed) {
	before, after := indexed(was), indexed(is)
	for _, w := range was {
		now, still := after[w.key]
		if still && reflect.DeepEqual(w.value.Interface(), now.Interface()) {
			continue
		}
		c := in.within(kind, w.key, effect)
		if !still {
			c.Action, c.cuts, c.Brings = "remove", true, brings(w.value.Interface())
			p.Changes = append(p.Changes, c)
			continue
		}
		c.Action = "change"
		p.compare(c, w.value, now)
	}
	for _, n := range is {
		if _, known := before[n.key]; !known {
			c := in.within(kind, n.key, effect)
			c.Action, c.Brings = "add", brings(n.value.Interface())
			p.Changes = append(p.Changes, c)
		}
	}
}

// common are the objects of a list that another has too, in order.
func common(list, other []keyed) string {
	var keys []string
	known := indexed(other)
	for _, k := range list {
		if _, both := known[k.key]; both {
			keys = append(keys, k.key)
		}
	}
	return strings.Join(keys, " ")
}

// within is a change of something in the object of this one.
func (c Change) within(kind, name, effect string) Change {
	inner := Change{Kind: kind, Name: name, Effect: effect, owner: c.owner}
	if c.owner == "" {
		inner.owner = name
	} else {
		inner.Name = c.Name + "/" + name
	}
	return inner
}

// begin marks the instances whose elections begin anew for a reason that no
// attribute has by itself: what they are made of altogether, or their sync group.
func (p *Plan) begin(was, is *Config) {
	anew := map[string]bool{}
	for _, c := range p.Changes {
		if c.Effect == Anew {
			anew[c.owner] = true
		}
	}
	group := func(c *Config, name string) []string {
		for _, g := range c.Groups {
			if slices.Contains(g.Members, name) {
				return append([]string{g.Name}, g.Members...)
			}
		}
		return []string{name}
	}
	for _, w := range was.Instances {
		i := slices.IndexFunc(is.Instances, func(n Instance) bool { return n.Name == w.Name })
		if i < 0 {
			continue
		}
		before, after := group(was, w.Name), group(is, w.Name)
		if restarts(w, is.Instances[i]) || !slices.Equal(before, after) {
			anew[w.Name] = true
		}
	}
	for _, w := range was.Instances { // with one member the whole group does
		members := group(was, w.Name)
		if !anew[w.Name] && slices.ContainsFunc(members, func(m string) bool { return anew[m] }) {
			anew[w.Name] = true
		}
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; anew[c.owner] && c.Kind == "vrrp_instance" && c.Action == "change" {
			c.Effect = Anew
			delete(anew, c.owner)
		}
	}
	for _, w := range was.Instances {
		if anew[w.Name] && slices.ContainsFunc(is.Instances, func(n Instance) bool { return n.Name == w.Name }) {
			p.Changes = append(p.Changes, Change{Action: "change", Kind: "vrrp_instance", Name: w.Name, Effect: Anew, owner: w.Name})
		}
	}
}

// heavier is the effect that needs more.
func heavier(a, b string) string {
	order := []string{InPlace, NextStart, Anew}
	if slices.Index(order, a) < slices.Index(order, b) {
		return b
	}
	return a
}

// loses tells whether something in the first list is not in the second.
func loses(was, is reflect.Value) bool {
	for i := range was.Len() {
		gone := true
		for j := range is.Len() {
			gone = gone && shownValue(was.Index(i)) != shownValue(is.Index(j))
		}
		if gone {
			return true
		}
	}
	return false
}
