package config

import (
	"fmt"
	"strings"
)

// What a change needs to come into force.
const (
	InPlace   = "in_place"   // what it belongs to goes on undisturbed
	Anew      = "begin_anew" // the election leaves in good order and begins again
	NextStart = "next_start" // the daemon has to be started again; until then the old value holds
)

// Plan is what a reload changes. Its JSON form is stable API.
type Plan struct {
	From    string   `json:"from"` // hash of the configuration in force
	To      string   `json:"to"`
	Changes []Change `json:"changes"`
}

// Change is one object that is added, removed, or has other attributes.
type Change struct {
	Action     string      `json:"action"` // add, remove, change
	Kind       string      `json:"kind"`   // as the block is called in the configuration
	Name       string      `json:"name"`   // with what it is in: "web/web1"
	Effect     string      `json:"effect"`
	Brings     string      `json:"brings,omitempty"`     // what comes or goes with a vrrp_instance or virtual_server that is added or removed
	Attributes []Attribute `json:"attributes,omitempty"` // of a change
	Interrupts string      `json:"interrupts,omitempty"` // why clients will notice; empty: they will not

	owner string // the vrrp_instance, virtual_server or sync group it is or belongs to
	cuts  bool   // clients of it lose it, where this director serves them
}

// Attribute is an attribute with another value. A secret's values are not told.
type Attribute struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Interruptions are the changes that clients will notice.
func (p Plan) Interruptions() (list []Change) {
	for _, c := range p.Changes {
		if c.Interrupts != "" {
			list = append(list, c)
		}
	}
	return list
}

// String is the change in a line.
func (c Change) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", map[string]string{"add": "+", "remove": "-", "change": "~"}[c.Action], c.Kind)
	if c.Name != "" {
		b.WriteString(" " + c.Name)
	}
	if c.Brings != "" {
		b.WriteString(" (" + c.Brings + ")")
	}
	for i, a := range c.Attributes {
		fmt.Fprintf(&b, "%s%s %s -> %s", map[bool]string{true: ": ", false: ", "}[i == 0], a.Name, a.Old, a.New)
	}
	switch c.Effect {
	case Anew:
		b.WriteString(" (begins anew)")
	case NextStart:
		b.WriteString(" (when the daemon is started again)")
	}
	return b.String()
}

// String is the plan for people, a line a change; interruptions come with their
// reason on a line of their own.
func (p Plan) String() string {
	if len(p.Changes) == 0 {
		return "nothing changes\n"
	}
	var b strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintln(&b, c)
		if c.Interrupts != "" {
			fmt.Fprintf(&b, "  ! interrupts service: %s\n", c.Interrupts)
		}
	}
	fmt.Fprintln(&b, p.Summary())
	return b.String()
}

// Summary counts the changes.
func (p Plan) Summary() string {
	n := map[string]int{}
	for _, c := range p.Changes {
		n[c.Action]++
	}
	return fmt.Sprintf("%d to add, %d to change, %d to remove; %d interrupt service", n["add"], n["change"], n["remove"], len(p.Interruptions()))
}
