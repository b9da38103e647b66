// Package admin is the door to a running daemon: a unix socket that speaks
// HTTP with JSON bodies, and the client the commands use. It owns the socket
// file and nothing else: what it serves is asked from its owner for each
// request, and orders are passed on to it.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/net/netutil"

	"github.com/hald-project/hald/event"
)

// Limits of the socket: whoever may connect must not be able to wear the
// daemon out.
const (
	maxClients = 16              // connections served at a time; more wait
	maxRequest = 4096            // bytes of a request
	timeLimit  = 5 * time.Second // for a whole request and its answer

	patience    = timeLimit / 2    // for an event that is waited for
	reloadLimit = 30 * time.Second // for a reload, which reads files and waits for the workers
)

// Server answers on the admin socket.
type Server struct {
	Socket *Socket // from Listen; Run closes it
	// Status returns the status document, to be encoded as JSON.
	Status func(context.Context) (any, error)
	// Events returns the events kept in memory that came after one, oldest first, and
	// a channel that is closed when there is another (event.Ring.After).
	Events func(after uint64) ([]event.Event, <-chan struct{})
	// Config returns what a plan is made from.
	Config func(context.Context) (any, error)
	// Reload has the configuration loaded again; its answer tells what became of it.
	Reload func(ctx context.Context, by string, body json.RawMessage) (any, error)
	// Orders are what the daemon can be told to do, by name.
	Orders map[string]Order
}

// Order passes one order on. By says who gave it, as "uid 0, pid 4711": whoever
// may open the socket may give orders, and the log shall tell who did. Its error
// is what the sender is told.
type Order func(ctx context.Context, by string, body json.RawMessage) error

// Run serves until ctx is done, then removes the socket file. It returns an
// error if the socket failed before that.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler:        s.handler(),
		ReadTimeout:    timeLimit,
		WriteTimeout:   timeLimit,
		IdleTimeout:    timeLimit,
		MaxHeaderBytes: maxRequest,
		ErrorLog:       silent,
	}
	server.SetKeepAlivesEnabled(false)
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(s.Socket, maxClients)) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve the admin socket: %w", errors.Join(err, server.Close()))
	case <-ctx.Done():
		err := server.Close()
		<-served
		return err
	}
}

// handler answers requests that are not too long.
func (s *Server) handler() http.Handler { return http.MaxBytesHandler(s.routes(), maxRequest) }

// routes are the requests the daemon answers.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		document, err := s.Status(r.Context())
		answer(w, document, err)
	})
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, r *http.Request) {
		document, err := s.Config(r.Context())
		answer(w, document, err)
	})
	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(reloadLimit))
		body, err := io.ReadAll(r.Body)
		var document any
		if err == nil {
			document, err = s.Reload(r.Context(), r.RemoteAddr, body)
		}
		answer(w, document, err)
	})
	mux.HandleFunc("POST /orders/{name}", func(w http.ResponseWriter, r *http.Request) {
		order, ok := s.Orders[r.PathValue("name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = order(r.Context(), r.RemoteAddr, body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		answer(w, struct{}{}, nil)
	})
	return mux
}

// events answers with what came after the event "after", 0 for all; with "wait" it
// waits for a while where there is none.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	var after uint64
	if text := r.FormValue("after"); text != "" {
		var err error
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			http.Error(w, fmt.Sprintf("after %q is no number of an event", text), http.StatusBadRequest)
			return
		}
	}
	events, newer := s.Events(after)
	if len(events) == 0 && r.FormValue("wait") != "" {
		select {
		case <-newer:
			events, _ = s.Events(after)
		case <-time.After(patience):
		case <-r.Context().Done():
		}
	}
	answer(w, events, nil)
}

// answer writes document, or err as a plain message.
func answer(w http.ResponseWriter, document any, err error) {
	var body []byte
	if err == nil {
		body, err = json.Marshal(document)
	}
	if err != nil {
		http.Error(w, fmt.Sprintf("the daemon cannot answer: %v", err), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(body, '\n'))
}
