package balancer

import (
	"fmt"
	"time"
)

// Override is what an operator ordered for one real server. It takes precedence
// over the configuration until it is ended, or Until has come; what checks say
// still counts. Service and Server are names, or for a server without a name of
// its own its address, as status shows them.
type Override struct {
	Service string    `json:"service"`
	Server  string    `json:"server"`
	Drain   bool      `json:"drain,omitempty"`  // no new connections; out when the drain time is over
	Weight  *int      `json:"weight,omitempty"` // instead of the configured one, 0–65535; nil: that
	By      string    `json:"by"`               // who ordered it: "uid 0, pid 4711"
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero"` // zero: no end
}

// Word is what was ordered, without its end.
func (o *Override) Word() string {
	switch {
	case o.Drain:
		return "drain"
	case o.Weight != nil:
		return fmt.Sprintf("weight %d", *o.Weight)
	}
	return "as configured"
}

// String is the override in words.
func (o *Override) String() string {
	if o == nil {
		return "none"
	}
	text := o.Word()
	if !o.Until.IsZero() {
		text += " until " + o.Until.UTC().Format(time.RFC3339)
	}
	return text
}

// target is what an Override is for.
type target struct{ service, server string }

// index is the overrides by what they are for.
func index(overrides []Override) map[target]*Override {
	all := make(map[target]*Override, len(overrides))
	for i := range overrides {
		o := &overrides[i]
		all[target{o.Service, o.Server}] = o
	}
	return all
}

// override is the one in force for a member; nil for none.
func (s *stepper) override(m *member) *Override {
	o := s.overrides[target{s.Name, m.name}]
	if o == nil || m.sorry {
		return nil
	}
	if !o.Until.IsZero() {
		if !s.now.Before(o.Until) {
			return nil
		}
		s.wakeAt(o.Until)
	}
	return o
}

// drains tells whether the override takes the server out.
func (o *Override) drains() bool { return o != nil && o.Drain }

// weightOf is what a member has when nothing speaks against it: an operator's word
// counts before what checks make of it. One that the configuration drains stays so.
func (s *stepper) weightOf(i int, o *Override) int {
	if o != nil && o.Weight != nil {
		return *o.Weight
	}
	m := &s.service.members[i]
	if m.weight == 0 {
		return 0
	}
	return s.weightSaid(i).or(m.weight)
}
