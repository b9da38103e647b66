package balancer

import "github.com/hald-project/hald/healthcheck"

// weight is one that checks give a server, and one more: the zero value is none.
type weight int

// weightOf is the weight that a check has read.
func weightOf(r healthcheck.Reading) weight {
	if !r.Found {
		return 0
	}
	return weight(r.Value + 1)
}

// or is the weight, or where there is none the configured one.
func (w weight) or(configured int) int {
	if w == 0 {
		return configured
	}
	return int(w) - 1
}

// said is the weight as status has it.
func (w weight) said() *int {
	if w == 0 {
		return nil
	}
	n := int(w) - 1
	return &n
}

// weightSaid is the weight that a member's checks give it, the lowest of several. While
// one of them has not looked yet, what was said before stands.
func (s *stepper) weightSaid(i int) (lowest weight) {
	for _, check := range s.service.members[i].scales {
		o := s.said(check)
		if !o.weighs {
			return s.had(i).said
		}
		if o.weight > 0 && (lowest == 0 || o.weight < lowest) {
			lowest = o.weight
		}
	}
	return lowest
}
