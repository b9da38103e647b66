package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/vrrp"
)

// Builtins are the names of the scenarios that need no file.
var Builtins = []string{"crash", "cut", "handover", "kill", "pause", "stop"}

// Builtin is the text of such a scenario for a configuration: what happens to the
// director of the highest priority, and its return, in the rhythm of the slowest
// adverts.
func Builtin(name string, views []*config.Config) (string, error) {
	if err := playable(views); err != nil {
		return "", err
	}
	c := newCast(views)
	master := c.favourite
	begin := c.startDelay + 10*c.interval
	back := begin + 10*c.interval
	switch name {
	case "cut":
		var text strings.Builder
		for _, other := range c.directors {
			if other != master {
				fmt.Fprintf(&text, "at %v cut %s %s\n", begin, master, other)
			}
		}
		fmt.Fprintf(&text, "at %v heal\n", back)
		return text.String(), nil
	case "handover":
		return fmt.Sprintf("at %v handover %s\nat %v takeback %s\n", begin, master, back, master), nil
	case "pause":
		return fmt.Sprintf("at %v pause %s %v\n", begin, master, 7*c.interval), nil
	case "kill", "crash", "stop":
		return fmt.Sprintf("at %v %s %s\nat %v start %s\n", begin, name, master, back, master), nil
	}
	return "", fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(Builtins, ", "))
}

// cast is what a configuration puts on the stage.
type cast struct {
	directors  []string
	favourite  string // the director of the highest priority in the first election
	elections  []role
	interval   time.Duration // the longest
	startDelay time.Duration // the longest
	rest       time.Duration // after which nothing happens any more
}

// role is one election: of a sync group, or of an instance by itself.
type role struct {
	name      string
	instances []string
	bound     time.Duration // the longest down interval of a director
}

func newCast(views []*config.Config) *cast {
	c := &cast{}
	grouped := map[string]bool{}
	for _, g := range views[0].Groups {
		c.elections = append(c.elections, role{name: g.Name, instances: g.Members})
		for _, m := range g.Members {
			grouped[m] = true
		}
	}
	for _, i := range views[0].Instances {
		if !grouped[i.Name] {
			c.elections = append(c.elections, role{name: i.Name, instances: []string{i.Name}})
		}
	}
	highest := -1
	for _, v := range views {
		c.directors = append(c.directors, v.Director.Name)
		if p := int(instance(v, c.elections[0].instances[0]).Priority); p > highest {
			highest, c.favourite = p, v.Director.Name
		}
	}
	for e := range c.elections {
		for _, v := range views {
			first := instance(v, c.elections[e].instances[0])
			c.elections[e].bound = max(c.elections[e].bound, downInterval(first))
			c.interval = max(c.interval, first.Interval)
			c.startDelay = max(c.startDelay, first.StartDelay)
			c.rest = max(c.rest, 5*downInterval(first)+first.PreemptDelay+first.StartDelay)
		}
	}
	return c
}

func instance(v *config.Config, name string) config.Instance {
	i := slices.IndexFunc(v.Instances, func(i config.Instance) bool { return i.Name == name })
	return v.Instances[i]
}

func downInterval(i config.Instance) time.Duration {
	return vrrp.DownInterval(i.Version, i.Priority, i.Interval)
}
