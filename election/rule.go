package election

import (
	"slices"
	"time"

	"github.com/hald-project/hald/netif"
)

// Rule is a rule of routing that moves with the addresses of an instance.
type Rule = netif.Rule

// signsEvery is how often the kernel is asked for them: who flushes rules tells
// nobody who listens for links and addresses.
const signsEvery = time.Second

// signs are the rules of one instance: it claims, repairs and releases them. Like
// routes they have no lease. They belong to the holder.
type signs struct {
	rules  []Rule
	kernel kernel

	check time.Time // when the kernel is asked; zero: none is held
}

func (s *signs) claim() error {
	if len(s.rules) == 0 {
		return nil
	}
	if err := s.kernel.ClaimRules(s.rules); err != nil {
		return err
	}
	s.check = time.Now().Add(signsEvery)
	return nil
}

// tick puts back what is missing and says what it was.
func (s *signs) tick(now time.Time) (restored []Rule, err error) {
	if s.check.IsZero() || now.Before(s.check) {
		return nil, nil
	}
	s.check = now.Add(signsEvery)
	missing, err := s.kernel.MissingRules(s.rules)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	if err := s.kernel.ClaimRules(s.rules); err != nil {
		return nil, err
	}
	return missing, nil
}

// release removes the rules. released tells whether this life held them.
func (s *signs) release() (released bool, err error) {
	if len(s.rules) == 0 {
		return false, nil
	}
	if err := s.kernel.ReleaseRules(s.rules); err != nil {
		return false, err
	}
	released = !s.check.IsZero()
	s.check = time.Time{}
	return released, nil
}

// hasRule tells whether a rule belongs to the instance.
func (c Instance) hasRule(held netif.Rule) bool {
	return slices.ContainsFunc(c.Rules, func(r Rule) bool { return r.Key() == held.Key() })
}
