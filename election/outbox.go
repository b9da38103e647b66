package election

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/hald-project/hald/event"
)

const outboxSize = 2048 // events waiting for the director

// outbox carries reports to the director. Handing one in never blocks: when the
// director does not read, events are counted and dropped, and of the status only
// the newest waits.
type outbox struct {
	events  chan Report // each with an event or a move
	status  chan Report
	answer  chan Configured // the newest
	dropped atomic.Int64
}

func newOutbox() *outbox {
	return &outbox{events: make(chan Report, outboxSize), status: make(chan Report, 1), answer: make(chan Configured, 1)}
}

// emit may be called from any goroutine.
func (o *outbox) emit(e event.Event) {
	e.Time = time.Now()
	select {
	case o.events <- Report{Event: &e}:
	default:
		o.dropped.Add(1)
	}
}

// announce hands a move in; false when there is no room for it.
func (o *outbox) announce(m Move) bool {
	select {
	case o.events <- Report{Move: &m}:
		return true
	default:
		return false
	}
}

// publish has one caller.
func (o *outbox) publish(s Report) {
	select {
	case <-o.status:
	default:
	}
	o.status <- s
}

// answered has one caller.
func (o *outbox) answered(serial uint64, err error) {
	c := Configured{Serial: serial}
	if err != nil {
		c.Error = err.Error()
	}
	select {
	case <-o.answer:
	default:
	}
	o.answer <- c
}

// run writes reports until stop closes, then the events that are waiting. It
// ends early when the director is gone.
func (o *outbox) run(w io.Writer, stop <-chan struct{}) {
	enc := json.NewEncoder(w)
	for {
		var err error
		select {
		case r := <-o.events:
			err = o.write(enc, r)
		case r := <-o.status:
			err = writeStatus(w, r)
		case c := <-o.answer:
			err = enc.Encode(Report{Configured: &c})
		case <-stop:
			for len(o.events) > 0 && err == nil {
				err = o.write(enc, <-o.events)
			}
			return
		}
		if err != nil {
			return
		}
	}
}

// writeStatus is the encoder's work in pieces, an instance at a time. A timer fires on
// time only when its processor is free, so between two pieces everybody else has a
// turn: hundreds of instances take longer than the shortest interval allows.
func writeStatus(to io.Writer, r Report) error {
	w := bufio.NewWriter(to)
	piece := func(before string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("a report is plain data: %v", err))
		}
		w.WriteString(before)
		w.Write(text)
		runtime.Gosched()
	}
	before := `{"status":[`
	for i := range r.Status {
		piece(before, r.Status[i])
		before = ","
	}
	if len(r.Status) == 0 {
		w.WriteString(before)
	}
	piece(`],"planned":`, r.Planned)
	w.WriteString("}\n")
	return w.Flush()
}

// write puts the number of events lost before r in front of it.
func (o *outbox) write(enc *json.Encoder, r Report) error {
	if n := o.dropped.Swap(0); n > 0 {
		lost := event.Event{Time: time.Now(), Name: "event.dropped", Reason: "election", Count: int(n)}
		if err := enc.Encode(Report{Event: &lost}); err != nil {
			return err
		}
	}
	return enc.Encode(r)
}
