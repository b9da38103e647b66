package director

import (
	"context"
	"errors"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/thrift"
)

// answerBound is how long the balancer may take to say how its services are.
const answerBound = 3 * time.Second

// notAnswering is the reason shown for services of which it did not say it in time.
const notAnswering = "the process in charge does not answer"

// ask is an admin request for the status.
type ask struct {
	reply chan Document // of capacity one
	whole bool          // with the virtual servers
}

// shows is what the balancer is asked about its services. That is asked for whoever
// wants to know, and kept by nobody: of ten thousand servers it is megabytes.
type shows struct {
	working bool            // there is a balancer that can be asked
	asks    chan any        // to it, of capacity one
	waiting []chan Document // for its answer
	overdue <-chan time.Time
}

func newShows() shows { return shows{asks: make(chan any, 1)} }

// question answers at once, or when the balancer has said how its services are.
func (l *life) question(a ask) {
	switch {
	case !a.whole:
		a.reply <- l.document(nil)
	case !l.shows.working:
		a.reply <- l.document(balancerBlank(l.now().balancer(), notRunning))
	default:
		l.shows.waiting = append(l.shows.waiting, a.reply)
		if len(l.shows.waiting) > 1 {
			return // it was asked
		}
		l.shows.overdue = time.After(answerBound)
		select {
		case l.shows.asks <- balancer.Command{Show: true}:
		default: // one is still in the box
		}
	}
}

// show answers all who wait.
func (l *life) show(services []balancer.Status) {
	l.shows.overdue = nil
	if len(l.shows.waiting) == 0 {
		return
	}
	document := l.document(services)
	for _, reply := range l.shows.waiting {
		reply <- document
	}
	l.shows.waiting = nil
}

// noBalancer answers for one that has gone, or has not begun.
func (l *life) noBalancer() {
	l.shows.working = false
	l.reload.inForce = 0 // what the next one is told first has no number
	if len(l.reload.balancer) == 0 {
		l.reload.told = 0
	}
	if len(l.shows.waiting) > 0 {
		l.show(balancerBlank(l.now().balancer(), notRunning))
	}
}

// ask gets the status document for an admin request.
func (l *life) ask(ctx context.Context) (any, error) { return l.asked(ctx, true) }

func (l *life) asked(ctx context.Context, whole bool) (Document, error) {
	stopping := errors.New("it is stopping")
	a := ask{reply: make(chan Document, 1), whole: whole}
	select {
	case l.asks <- a:
	case <-ctx.Done():
		return Document{}, stopping
	}
	select {
	case d := <-a.reply:
		return d, nil
	case <-ctx.Done():
		return Document{}, stopping
	}
}

// loud is how many events leave garbage worth giving back.
const loud = 1000

// tidy gives back what reading a configuration took, or thousands of events, a little later.
func (l *life) tidy() {
	if l.tidier != nil {
		l.tidier.Reset(thrift.After)
		return
	}
	l.tidier = time.AfterFunc(thrift.After, thrift.Save)
}
