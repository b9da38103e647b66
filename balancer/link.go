package balancer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
)

// errClosed ends Run without being an error: the director has gone.
var errClosed = errors.New("the link was closed")

// receive hands the director's commands to the pool until the link ends.
func receive(ctx context.Context, link net.Conn, commands chan<- Command) error {
	unblock := context.AfterFunc(ctx, func() { link.SetReadDeadline(time.Unix(1, 0)) })
	defer unblock()
	var first []Service // of a configuration that is to come
	for messages := json.NewDecoder(link); ; {
		var c Command
		err := messages.Decode(&c)
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &syntax), errors.As(err, &kind):
			return fmt.Errorf("read command: %w", err)
		case err != nil:
			return errClosed
		}
		if first = append(first, c.Services...); c.Services != nil {
			continue
		}
		if c.Configure != nil { // it may be large, and a decoder keeps room for the largest
			c.Configure.Services, first = append(first, c.Configure.Services...), nil
			messages = json.NewDecoder(io.MultiReader(messages.Buffered(), link))
		}
		select {
		case commands <- c:
		case <-ctx.Done():
			return nil
		}
	}
}

// outbox is what the pool has to tell. Nothing in it blocks the pool: events
// wait in a bounded queue and are counted when it is full, of status only the
// latest counts, and of the trackers' verdicts.
type outbox struct {
	events  chan *event.Event
	status  chan shown
	tracks  chan []Verdict
	answer  chan Configured // the newest
	dropped int             // events since the last that found room

	held     atomic.Bool   // events wait for the kernel's table
	released chan struct{} // of capacity one: they do not any more
}

// longestHold is how long events wait at most while the kernel's table is written.
const longestHold = 2 * time.Second

// hold has events wait: there may be ten thousand, and what they tell of comes first, where
// there is one processor for both.
func (o *outbox) hold() { o.held.Store(true) }

func (o *outbox) release() {
	if o.held.Swap(false) {
		select {
		case o.released <- struct{}{}:
		default:
		}
	}
}

// maxEvents is room for a moment in which ten thousand servers fail together, each with
// two events, and for what comes of it.
const maxEvents = 32768

func newOutbox(room int) *outbox {
	return &outbox{events: make(chan *event.Event, room), status: make(chan shown, 1), tracks: make(chan []Verdict, 1), answer: make(chan Configured, 1), released: make(chan struct{}, 1)}
}

// tell queues an event. After events were lost the next one that finds room is
// preceded by their number.
func (o *outbox) tell(e event.Event) {
	if o.dropped > 0 {
		if len(o.events) > cap(o.events)-2 {
			o.dropped++
			return
		}
		o.events <- &event.Event{Time: e.Time, Name: "log.dropped", Count: o.dropped, Reason: "the director did not take the balancer's events"}
		o.dropped = 0
	}
	select {
	case o.events <- &e:
	default:
		o.dropped = 1
	}
}

// shown is a status with what the kernel was told until then.
type shown struct {
	services []Status
	kernel   Operations
}

// show replaces the status that waits to be sent.
func (o *outbox) show(s []Status, done Operations) { replace(o.status, shown{s, done}) }

// track replaces the verdicts that wait to be sent.
func (o *outbox) track(v []Verdict) { replace(o.tracks, v) }

// answered tells what became of a configuration.
func (o *outbox) answered(serial uint64, err error) {
	c := Configured{Serial: serial}
	if err != nil {
		c.Error = err.Error()
	}
	replace(o.answer, c)
}

// replace puts v into a mailbox of capacity one, which has one writer.
func replace[T any](box chan T, v T) {
	select {
	case <-box:
	default:
	}
	box <- v
}

// send writes what the outbox has until ctx ends, and then, for at most a
// second, the events that are left.
func (o *outbox) send(ctx context.Context, link net.Conn) error {
	hurry := context.AfterFunc(ctx, func() { link.SetWriteDeadline(time.Now().Add(time.Second)) })
	defer hurry()
	together := bufio.NewWriter(link) // ten thousand events of one moment are not as many writes
	messages := json.NewEncoder(together)
	var late <-chan time.Time // events have waited long enough
	for {
		var r Report
		events := o.events
		switch held := o.held.Load(); {
		case !held:
			late = nil
		case late == nil:
			late = time.After(longestHold)
			fallthrough
		default:
			events = nil
		}
		select {
		case e := <-events:
			r.Event = e
		case <-o.released:
			continue
		case <-late:
			o.held.Store(false)
			continue
		case s := <-o.status:
			r.Status, r.Kernel = s.services, s.kernel
		case r.Tracks = <-o.tracks:
		case c := <-o.answer:
			r.Configured = &c
		case <-ctx.Done():
			return errors.Join(o.flush(messages), sendError(together.Flush()))
		}
		err := messages.Encode(r)
		if err == nil && len(events) == 0 {
			err = together.Flush()
		}
		if err != nil {
			return sendError(err)
		}
	}
}

func (o *outbox) flush(messages *json.Encoder) error {
	for {
		select {
		case e := <-o.events:
			if err := messages.Encode(Report{Event: e}); err != nil {
				return sendError(err)
			}
		default:
			return nil
		}
	}
}

// sendError tells a reader that has gone, or is too slow to say goodbye to,
// from a message that has no JSON form.
func sendError(err error) error {
	var network net.Error
	if err == nil {
		return nil
	}
	if errors.As(err, &network) || errors.Is(err, io.ErrClosedPipe) {
		return errClosed
	}
	return fmt.Errorf("write report: %w", err)
}
