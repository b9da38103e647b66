package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"github.com/hald-project/hald/event"
)

// Limits of the page: whoever may connect must not be able to wear the daemon out.
const (
	maxReaders  = 64               // connections served at a time; more wait
	maxStreams  = 32               // of these, pages that stay open; more are refused
	pageLimit   = 10 * time.Second // for one answer to be read
	headerLimit = 5 * time.Second  // for a request to arrive
	idleLimit   = time.Minute      // between two requests on a connection

	statusAge = 250 * time.Millisecond // a status is shared so long
	aliveness = 2 * time.Second        // for the daemon to say that it is alive

	firstRetry = time.Second // after an address could not be listened on, doubled from time to time
	maxRetry   = 30 * time.Second
)

// PageSettings are where and how the page is served.
type PageSettings struct {
	Address netip.AddrPort // zero: nowhere
	Names   []string       // by which it may be called, in small letters; addresses are always right
	Peer    netip.AddrPort // of another director's page, whose status is shown too; zero: none
}

// Page serves over HTTP what may be read: the live page, metrics, health. It changes
// nothing in the daemon.
type Page struct {
	// Status returns the status document, to be encoded as JSON.
	Status func(context.Context) (any, error)
	// Events is that of Server.
	Events func(after uint64) ([]event.Event, <-chan struct{})
	// Alive tells whether the daemon still answers; nil: it does.
	Alive func(context.Context) error
	// Ready tells why the daemon does not do its work yet or any more; nil: it does.
	Ready func(context.Context) error
	// Positions is the part of the status that a peer asks for all the time.
	Positions func(context.Context) (any, error)
	// Metrics answers the scrapes of Prometheus.
	Metrics http.Handler
	// Tell reports that the page can be reached, or cannot.
	Tell func(event.Event)

	settings chan PageSettings // of capacity one: the newest
	now      atomic.Pointer[PageSettings]
	streams  chan struct{} // a place for each open one
	status   fresh
	peer     fresh
}

// NewPage makes p ready to Run.
func NewPage(p *Page) *Page {
	p.settings = make(chan PageSettings, 1)
	p.streams = make(chan struct{}, maxStreams)
	p.status = newFresh(statusAge, p.encoded)
	p.peer = newFresh(peerAge, p.askPeer)
	p.now.Store(&PageSettings{})
	return p
}

// Set says how the page is served from now on. It never blocks. It has one caller.
func (p *Page) Set(s PageSettings) {
	select {
	case <-p.settings:
	default:
	}
	p.settings <- s
}

// Run serves until ctx is done. An address that cannot be listened on is tried again.
func (p *Page) Run(ctx context.Context) {
	var open *opened
	var again <-chan time.Time
	pause, told := firstRetry, ""
	listen := func() {
		address := p.now.Load().Address
		again = nil
		if !address.IsValid() {
			return
		}
		var err error
		if open, err = p.open(ctx, address); err == nil {
			pause, told = firstRetry, ""
			p.Tell(event.Event{Name: "http.opened", Address: address.String()})
			return
		}
		again = time.After(pause)
		pause = min(2*pause, maxRetry)
		if text := cause(err).Error(); text != told {
			told = text
			p.Tell(event.Event{Name: "http.failed", Address: address.String(), Error: text})
		}
	}
	for {
		select {
		case <-ctx.Done():
			open.close()
			return
		case s := <-p.settings:
			was := p.now.Swap(&s)
			if was.Address == s.Address {
				continue
			}
			if open != nil {
				open.close()
				p.Tell(event.Event{Name: "http.closed", Address: was.Address.String()})
			}
			open, pause, told = nil, firstRetry, ""
			listen()
		case <-again:
			listen()
		case err := <-open.ended():
			open.close()
			open, again, told = nil, time.After(pause), err.Error()
			p.Tell(event.Event{Name: "http.failed", Address: p.now.Load().Address.String(), Error: told})
		}
	}
}

// opened is the page at one address.
type opened struct {
	server *http.Server
	served chan error
	done   chan struct{}
}

func (p *Page) open(ctx context.Context, address netip.AddrPort) (*opened, error) {
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	o := &opened{served: make(chan error, 1), done: make(chan struct{})}
	o.server = &http.Server{
		Handler:        p.handler(),
		ReadTimeout:    headerLimit,
		WriteTimeout:   pageLimit,
		IdleTimeout:    idleLimit,
		MaxHeaderBytes: maxRequest,
		ErrorLog:       silent,
		BaseContext:    func(net.Listener) context.Context { return ctx },
	}
	go func() {
		defer close(o.done)
		o.served <- o.server.Serve(netutil.LimitListener(listener, maxReaders))
	}()
	return o, nil
}

// ended is why it serves no longer; of none it never comes.
func (o *opened) ended() <-chan error {
	if o == nil {
		return nil
	}
	return o.served
}

func (o *opened) close() {
	if o == nil {
		return
	}
	_ = o.server.Close()
	<-o.done
}

// encoded is the status document as JSON.
func (p *Page) encoded(ctx context.Context) ([]byte, error) {
	document, err := p.Status(ctx)
	if err != nil {
		return nil, err
	}
	return json.Marshal(document)
}

// known tells whether a client that calls us by this name means us. A foreign page
// that has its own name lead here must not be able to read anything (DNS rebinding).
func (s *PageSettings) known(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return slices.Contains(s.Names, strings.ToLower(host))
}
