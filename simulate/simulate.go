// Package simulate runs every director of a configuration in virtual time: the
// machines and timers of package vrrp, on links that can be cut and lose, with
// kernels that hold addresses for as long as their lease lasts. It answers what
// would happen, before it happens: who becomes master when, and for how long an
// address has no owner or two.
//
// It models the election and nothing below it: no trackers, no real servers, no
// forged packets, no clocks that drift. Everything follows from the seed.
package simulate

import (
	"errors"
	"strconv"
	"time"

	"github.com/hald-project/hald/config"
)

// Seconds is a length of virtual time, in JSON a number of seconds.
type Seconds time.Duration

// MarshalJSON writes microseconds as decimals: that is finer than any timer.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(s).Round(time.Microsecond).Seconds(), 'f', -1, 64), nil
}

// Entry is one line of the history: a step of the scenario, or what an election of
// a director did.
type Entry struct {
	At       Seconds `json:"at_s"`
	Step     string  `json:"step,omitempty"` // empty for a transition
	Note     string  `json:"note,omitempty"` // why the step did nothing
	Director string  `json:"director,omitempty"`
	Election string  `json:"election,omitempty"` // sync group or instance
	From     string  `json:"from,omitempty"`     // state
	To       string  `json:"to,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	Peer     string  `json:"peer,omitempty"` // the director that caused it
	Priority int     `json:"peer_priority,omitempty"`
}

// Summary is what an election's addresses went through from their first owner on.
// An owner is a director whose kernel answers for them, its process alive or not.
type Summary struct {
	Election    string   `json:"election"`
	Instances   []string `json:"instances"`
	Transitions int      `json:"transitions"`
	None        Seconds  `json:"without_owner_s"`
	LongestNone Seconds  `json:"longest_without_owner_s"`
	Bound       Seconds  `json:"bound_s"` // the longest down interval: what one failure may cost
	Two         Seconds  `json:"two_owners_s"`
	LongestTwo  Seconds  `json:"longest_two_owners_s"`
	Owners      []string `json:"owners"` // in the end
}

// Result is what came of a scenario.
type Result struct {
	End     Seconds   `json:"end_s"`
	History []Entry   `json:"history"`
	Summary []Summary `json:"summary"`
}

// Run plays a scenario with all directors of a configuration, one view for each, as
// config.LoadAll returns them. All directors start at 0s.
func Run(views []*config.Config, s Scenario, seed uint64) (Result, error) {
	if err := playable(views); err != nil {
		return Result{}, err
	}
	w := newWorld(views, seed)
	end := s.End
	for _, step := range s.Steps {
		if s.End == 0 {
			end = max(end, step.At+step.length)
		}
		w.after(step.At, func() { w.play(step) })
	}
	if s.End == 0 {
		end += w.cast.rest
	}
	w.run(end)
	return w.result(end), nil
}

func playable(views []*config.Config) error {
	if len(views) == 0 || len(views[0].Instances) == 0 {
		return errors.New("the configuration has no vrrp_instance: there is no election")
	}
	return nil
}
