package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hald-project/hald/event"
)

const (
	statusEvery = time.Second      // a page is told the status so often, and after events
	sign        = 15 * time.Second // of life, to those who want events alone
	gathering   = 50 * time.Millisecond
	firstEvents = 200 // at most so many are told in the beginning
)

// stream sends the events that come (server-sent events of the HTML standard, 9.2): each
// as a message "event" with its JSON, and with "status" in the query the status document as
// a message "status". A reader who goes on after a break names the last event it had. One who
// does not take a message in time is dropped.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	select {
	case p.streams <- struct{}{}:
		defer func() { <-p.streams }()
	default:
		http.Error(w, fmt.Sprintf("%d pages are open already", maxStreams), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	told := teller{w: w, control: http.NewResponseController(w)}
	told.say("retry: 2000\n\n")
	every := sign
	if r.FormValue("status") != "" {
		every = statusEvery
	}
	last, _ := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64)
	events, newer := p.Events(last)
	events = events[max(0, len(events)-firstEvents):]
	var shown []byte
	beat := time.NewTicker(every)
	defer beat.Stop()
	for told.err == nil {
		for _, e := range events {
			last = e.Seq
			told.event(e)
		}
		events = nil
		if every == statusEvery {
			text, err := p.status.get(r.Context())
			if err != nil {
				return // it is stopping
			}
			if len(shown) == 0 || &text[0] != &shown[0] { // not the same one again
				shown = text
				told.message("status", text)
			}
		}
		told.flush()
		select {
		case <-newer:
			select { // others of this moment
			case <-time.After(gathering):
			case <-r.Context().Done():
				return
			}
			events, newer = p.Events(last)
		case <-beat.C:
			told.say(": here\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

// teller writes messages until one is not taken.
type teller struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (t *teller) say(format string, args ...any) {
	if t.err == nil {
		t.err = t.control.SetWriteDeadline(time.Now().Add(pageLimit))
	}
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

func (t *teller) event(e event.Event) {
	text, err := json.Marshal(e)
	if err == nil { // an event has a JSON form
		t.say("id: %d\n", e.Seq)
		t.message("event", text)
	}
}

func (t *teller) message(kind string, text []byte) { t.say("event: %s\ndata: %s\n\n", kind, text) }

func (t *teller) flush() {
	if t.err == nil {
		t.err = t.control.Flush()
	}
}
