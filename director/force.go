package director

import (
	"iter"
	"reflect"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/notify"
)

// force is a configuration with its parts for the workers. It is immutable. The
// balancer's part is made when it is needed: ten thousand servers are not kept twice.
type force struct {
	config        *config.Config
	election      election.Config
	record, found string
	loaded        time.Time

	notifiers []notify.Config
}

// newForce makes one; in a trial nobody is notified.
func (d *Director) newForce(c *config.Config) *force {
	f := &force{config: c, election: ElectionConfig(c), record: d.record(), found: d.found(), loaded: time.Now()}
	if !d.DryRun {
		f.notifiers = notifiers(c.Notifiers)
		for i := range f.election.Instances {
			f.election.Instances[i].Before = before(c.Notifiers)
		}
	}
	return f
}

func (f *force) balancer() balancer.Config { return BalancerConfig(f.config, f.record, f.found) }

// portion is how many virtual servers are in a message: each is made and read as a
// whole, and ten thousand servers would be megabytes on both sides.
const portion = 16

// tellBalancer is the messages that give the balancer its part, and an operator's orders.
func (f *force) tellBalancer(o []balancer.Override) iter.Seq[any] {
	return func(yield func(any) bool) {
		left := f.config.Services
		for ; len(left) > portion; left = left[portion:] {
			if !yield(balancer.Command{Services: services(left[:portion])}) {
				return
			}
		}
		last := frame(f.config, f.record, f.found)
		last.Services, last.Overrides = services(left), o
		yield(balancer.Command{Configure: &last})
	}
}

// balances tells whether another configuration asks the same of the balancer.
func (f *force) balances(other *force) bool {
	return reflect.DeepEqual(f.config.Services, other.config.Services) &&
		reflect.DeepEqual(frame(f.config, f.record, f.found), frame(other.config, other.record, other.found))
}

// different is what the balancer needs to know to come from one configuration, of that
// serial, to another: of ten thousand servers mostly one.
func different(was *force, serial uint64, is *force) balancer.Config {
	part := frame(is.config, is.record, is.found)
	part.After = serial
	known := make(map[string]*config.Service, len(was.config.Services))
	for i := range was.config.Services {
		known[was.config.Services[i].Name] = &was.config.Services[i]
	}
	for i := range is.config.Services {
		s := &is.config.Services[i]
		part.Order = append(part.Order, s.Name)
		if before := known[s.Name]; before == nil || !reflect.DeepEqual(before, s) {
			part.Services = append(part.Services, service(*s))
		}
	}
	return part
}

// part is what the balancer is told to come from one configuration to another: all of it
// while it has not said that it went back from one that was refused.
func (l *life) part(was, is *force) balancer.Config {
	if l.reload.inForce != l.reload.told {
		return is.balancer()
	}
	return different(was, l.reload.inForce, is)
}
