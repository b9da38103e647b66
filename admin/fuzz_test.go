package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hald-project/hald/event"
)

// FuzzRequest: whatever a client writes to the socket, an order is passed on only
// when it was asked for in full by name, at most once, and with the very body;
// whoever asks for something else is told no more than that.
func FuzzRequest(f *testing.F) {
	for _, request := range []string{
		"GET /status HTTP/1.1\r\nHost: hald\r\n\r\n",
		"GET /events HTTP/1.0\r\n\r\n",
		"HEAD /config HTTP/1.1\r\nHost: hald\r\n\r\n",
		"POST /orders/drain HTTP/1.1\r\nHost: hald\r\nContent-Length: 17\r\n\r\n{\"service\":\"web\"}",
		"POST /orders/drain HTTP/1.1\r\nHost: hald\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n0\r\n\r\n",
		"POST /orders/../reload HTTP/1.1\r\nHost: hald\r\nContent-Length: 0\r\n\r\n",
		"POST /orders/dra%69n HTTP/1.1\r\nHost: hald\r\nContent-Length: 9000\r\n\r\n{}" + strings.Repeat(" ", 8998),
		"POST /reload HTTP/1.1\r\nHost: hald\r\nContent-Length: 27\r\n\r\n{\"allow_interruption\":true}",
	} {
		f.Add([]byte(request))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var given, bodies []string
		take := func(name string) func(string, json.RawMessage) {
			return func(by string, body json.RawMessage) {
				if by != "uid 0, pid 1" {
					t.Errorf("%s by %q", name, by)
				}
				given, bodies = append(given, name), append(bodies, string(body))
			}
		}
		order := func(name string) Order {
			return func(_ context.Context, by string, body json.RawMessage) error { take(name)(by, body); return nil }
		}
		s := &Server{
			Status: constant("status", nil), Config: constant("config", nil), Events: func(uint64) ([]event.Event, <-chan struct{}) { return nil, nil },
			Reload: func(_ context.Context, by string, body json.RawMessage) (any, error) {
				take("reload")(by, body)
				return "reloaded", nil
			},
			Orders: map[string]Order{"drain": order("drain"), "weight": order("weight")},
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return // net/http answers these by itself
		}
		body, failed := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{failed}))
		r.RemoteAddr = "uid 0, pid 1"
		path, method, whole := r.URL.Path, r.Method, failed == nil && len(body) <= maxRequest

		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		name := strings.TrimPrefix(path, "/orders/")
		if path == "/reload" {
			name = "reload"
		}
		switch {
		case len(given) == 0 && whole && method == http.MethodPost && slices.Contains([]string{"/orders/drain", "/orders/weight", "/reload"}, path) && w.Code == http.StatusOK:
			t.Errorf("%q was not passed on", raw)
		case len(given) > 1 || len(given) == 1 && (!whole || method != http.MethodPost || given[0] != name || bodies[0] != string(body) || w.Code != http.StatusOK):
			t.Errorf("%q: passed on %q with %q, status %d", raw, given, bodies, w.Code)
		case w.Code == http.StatusOK && len(given) == 0 && (method != http.MethodGet && method != http.MethodHead || !slices.Contains([]string{"/status", "/events", "/config"}, path)):
			t.Errorf("%q: status 200", raw)
		}
	})
}

// broken is the end of a body: how its reader ended.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return 0, io.EOF
}
