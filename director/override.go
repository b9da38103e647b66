package director

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/event"
)

// OverrideOrder is the body of the orders "drain", "weight" and "enable".
type OverrideOrder struct {
	Service string        `json:"service"`
	Server  string        `json:"server"`
	Weight  int           `json:"weight,omitempty"` // of "weight", 0–65535
	For     time.Duration `json:"for,omitempty"`    // nanoseconds; 0: until "enable"
}

// overrideOrder is an order on its way to the life. Its answer is why it is
// refused.
type overrideOrder struct {
	OverrideOrder
	name, by string
	answer   chan error
}

// overrides are what operators ordered for real servers. The director has the
// last word on them; the balancer is told on every change.
type overrides struct {
	now atomic.Pointer[[]balancer.Override] // what a balancer is told first
	memory
	news chan any // to the balancer, of capacity one
}

// overridesFile is the path of the file with the overrides.
func overridesFile(stateDir string) string { return filepath.Join(stateDir, "overrides.json") }

// recallOverrides begins with what the last life kept. What cannot be read is
// reported, and nothing is overridden.
func (l *life) recallOverrides() {
	all, err := loadOverrides(l.overrides.keeper.path)
	all = unended(all, time.Now())
	l.overrides.now.Store(&all)
	l.remember(&l.overrides.memory, overridesText(all), err)
}

func loadOverrides(path string) (all []balancer.Override, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read the operators' overrides from %s: %w", path, err)
	}
	return all, nil
}

func overridesText(all []balancer.Override) []byte {
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("overrides are plain data: %v", err))
	}
	return append(text, '\n')
}

// unended are the overrides that are not over.
func unended(all []balancer.Override, now time.Time) []balancer.Override {
	return slices.DeleteFunc(slices.Clone(all), func(o balancer.Override) bool { return !o.Until.IsZero() && !now.Before(o.Until) })
}

// override obeys an order, or says why not. A new one takes the place of an
// earlier one for the same server.
func (l *life) override(o overrideOrder) error {
	server, err := l.find(o.Service, o.Server)
	if err != nil {
		return err
	}
	if server.Disabled {
		return fmt.Errorf("server %q is disabled in the configuration, which this does not change", o.Server)
	}
	all := slices.DeleteFunc(unended(*l.overrides.now.Load(), time.Now()), func(old balancer.Override) bool {
		return old.Service == o.Service && old.Server == o.Server
	})
	in := balancer.Override{Service: o.Service, Server: o.Server, By: o.by, Since: time.Now(), Until: endOf(o.For)}
	switch o.name {
	case "drain":
		in.Drain = true
		all = append(all, in)
	case "weight":
		in.Weight = &o.Weight
		all = append(all, in)
	}
	what := fmt.Sprintf("%s %s %s", o.name, o.Service, o.Server)
	if o.name == "weight" {
		what += fmt.Sprintf(" %d", o.Weight)
	}
	l.emit(event.Event{Name: "daemon.order", Reason: what + lasting(o.For), By: o.by})
	l.overrides.now.Store(&all)
	l.overrides.keep(overridesText(all))
	l.tellOverrides()
	return nil
}

// find is a real server of the configuration in force.
func (l *life) find(service, server string) (config.Server, error) {
	for _, s := range l.now().config.Services {
		if s.Name != service {
			continue
		}
		for _, r := range s.Servers {
			if r.Name == server || r.Find != nil && isFound(r.Name, server) {
				return r, nil
			}
		}
		return config.Server{}, fmt.Errorf("virtual server %q has no real server %q", service, server)
	}
	return config.Server{}, fmt.Errorf("there is no virtual server %q", service)
}

// isFound tells whether a name is one of those that servers found for a real_server have:
// NAME/ADDRESS or NAME/ADDRESS:PORT.
func isFound(of, name string) bool {
	rest, is := strings.CutPrefix(name, of+"/")
	_, bare := netip.ParseAddr(rest)
	_, ported := netip.ParseAddrPort(rest)
	return is && (bare == nil || ported == nil)
}

// tellOverrides hands them to the balancer. It never waits: one that does not take
// them gets newer ones.
func (l *life) tellOverrides() {
	select {
	case <-l.overrides.news:
	default:
	}
	l.overrides.news <- balancer.Command{Overrides: &balancer.Overrides{InForce: *l.overrides.now.Load()}}
}

// overriding is an order of that name on the admin socket.
func (l *life) overriding(name string) func(context.Context, string, json.RawMessage) error {
	return func(ctx context.Context, by string, body json.RawMessage) error {
		o := overrideOrder{name: name, by: by, answer: make(chan error, 1)}
		if err := cmp.Or(understand(body, &o.OverrideOrder), forwards(o.For)); err != nil {
			return err
		}
		if o.Weight < 0 || o.Weight > 65535 {
			return fmt.Errorf("weight %d is not 0 to 65535", o.Weight)
		}
		select {
		case l.messages <- message{override: &o}:
			return <-o.answer
		case <-ctx.Done():
			return errors.New("it is stopping")
		}
	}
}
