package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Client asks a running daemon.
type Client struct {
	Socket string // path of the daemon's admin socket
}

// Status returns the daemon's status document as it sent it.
func (c Client) Status(ctx context.Context) (json.RawMessage, error) {
	return c.get(ctx, "/status")
}

// Events returns the events the daemon keeps in memory, a JSON array.
func (c Client) Events(ctx context.Context) (json.RawMessage, error) {
	return c.get(ctx, "/events")
}

// get asks for one document, within the socket's time limit.
func (c Client) get(ctx context.Context, path string) (json.RawMessage, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", c.Socket)
		},
	}
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://hald"+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the daemon at %s: %w", c.Socket, cause(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the daemon's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the daemon refused: %s: %s", response.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}

// cause takes the layers off an error of net/http that tell a user nothing: a
// made-up URL, the socket's path a second time.
func cause(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
