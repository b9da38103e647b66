package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/election"
)

// HandoverOrder is the body of the order "handover", and without For that of
// "takeback".
type HandoverOrder struct {
	Instances []string      `json:"instances,omitempty"` // none named: all
	For       time.Duration `json:"for,omitempty"`       // nanoseconds; 0: until it is taken back
}

// orderly are the orders that a running daemon takes on its socket. They are
// passed on when they make sense; what became of them is in the status and in the
// events.
func (l *life) orderly() map[string]admin.Order {
	return map[string]admin.Order{
		"handover": l.order(func(o HandoverOrder) election.Command {
			command := &election.Handover{Instances: o.Instances}
			if o.For > 0 {
				command.Until = time.Now().Add(o.For)
			}
			return election.Command{Handover: command}
		}),
		"takeback": l.order(func(o HandoverOrder) election.Command {
			return election.Command{TakeBack: &election.TakeBack{Instances: o.Instances}}
		}),
	}
}

func (l *life) order(command func(HandoverOrder) election.Command) admin.Order {
	return func(ctx context.Context, body json.RawMessage) error {
		var o HandoverOrder
		if err := json.Unmarshal(body, &o); err != nil {
			return fmt.Errorf("understand the order: %w", err)
		}
		for _, name := range o.Instances {
			if !slices.ContainsFunc(l.election.Instances, func(i election.Instance) bool { return i.Name == name }) {
				return fmt.Errorf("there is no instance %q", name)
			}
		}
		select {
		case l.orders <- command(o):
			return nil
		case <-ctx.Done():
			return errors.New("the election does not run at the moment")
		}
	}
}
