package director

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

// HandoverOrder is the body of the order "handover", and without For that of
// "takeback".
type HandoverOrder struct {
	Instances []string      `json:"instances,omitempty"` // none named: all
	For       time.Duration `json:"for,omitempty"`       // nanoseconds; 0: until it is taken back
}

// MaintenanceOrder is the body of the order "maintenance".
type MaintenanceOrder struct {
	On  bool          `json:"on"`
	For time.Duration `json:"for,omitempty"` // nanoseconds; 0: until it is ended
}

// orderly are the orders that a running daemon takes on its socket. They are
// passed on when they make sense; what became of them is in the status and in the
// events.
func (l *life) orderly() map[string]admin.Order {
	return map[string]admin.Order{
		"drain":     l.overriding("drain"),
		"weight":    l.overriding("weight"),
		"enable":    l.overriding("enable"),
		"log-level": l.levelOrder,
		"handover": order(l, func(o HandoverOrder, _ string) (election.Command, string, error) {
			command := &election.Handover{Instances: o.Instances, Until: endOf(o.For)}
			return election.Command{Handover: command}, naming("handover", o.Instances) + lasting(o.For), cmp.Or(forwards(o.For), l.know(o.Instances))
		}),
		"takeback": order(l, func(o HandoverOrder, _ string) (election.Command, string, error) {
			command := &election.TakeBack{Instances: o.Instances}
			return election.Command{TakeBack: command}, naming("takeback", o.Instances), l.know(o.Instances)
		}),
		"maintenance": order(l, func(o MaintenanceOrder, by string) (election.Command, string, error) {
			what := "maintenance off"
			if o.On {
				what = "maintenance on"
			}
			command := &election.MaintenanceOrder{On: o.On, Until: endOf(o.For), By: by}
			return election.Command{Maintenance: command}, what + lasting(o.For), forwards(o.For)
		}),
	}
}

// order makes an order of its translation for the election, which also says what
// it is in words. That it was given is an event, whatever becomes of it.
func order[T any](l *life, translate func(o T, by string) (election.Command, string, error)) admin.Order {
	return func(ctx context.Context, by string, body json.RawMessage) error {
		var o T
		if err := understand(body, &o); err != nil {
			return err
		}
		command, what, err := translate(o, by)
		if err != nil {
			return err
		}
		select {
		case l.messages <- message{event: &event.Event{Name: "daemon.order", Reason: what, By: by}}:
		case <-ctx.Done():
			return errors.New("it is stopping")
		}
		select {
		case l.orders <- command:
			return nil
		case <-ctx.Done():
			return errors.New("the election does not run at the moment")
		}
	}
}

// understand reads the body of an order: all of it, and nothing that it does not
// know. A length of time with another name would be none, and so for ever.
func understand(body []byte, order any) error {
	from := json.NewDecoder(bytes.NewReader(body))
	from.DisallowUnknownFields()

	err := from.Decode(order)
	if err == nil {
		if _, more := from.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return fmt.Errorf("understand the order: %w", err)
	}
	return nil
}

// forwards refuses a length of time that is over before it begins.
func forwards(length time.Duration) error {
	if length < 0 {
		return fmt.Errorf("%v is no length of time", length)
	}
	return nil
}

// know refuses names that are no instance's.
func (l *life) know(names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(l.now().election.Instances, func(i election.Instance) bool { return i.Name == name }) {
			return fmt.Errorf("there is no instance %q", name)
		}
	}
	return nil
}

// endOf is the instant at which a length of time from now is over; zero for none.
func endOf(length time.Duration) time.Time {
	if length <= 0 {
		return time.Time{}
	}
	return time.Now().Add(length)
}

func naming(order string, instances []string) string {
	return strings.Join(append([]string{order}, instances...), " ")
}

func lasting(length time.Duration) string {
	if length <= 0 {
		return ""
	}
	return " for " + length.String()
}
