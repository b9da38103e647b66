package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client asks a running daemon.
type Client struct {
	Socket string // path of the daemon's admin socket
}

// Status returns the daemon's status document as it sent it.
func (c Client) Status(ctx context.Context) (json.RawMessage, error) {
	return c.do(ctx, http.MethodGet, "/status", nil)
}

// Events returns the events after one, 0 for all, that the daemon keeps in memory, a
// JSON array, oldest first. With wait it waits for a few seconds if there is none.
func (c Client) Events(ctx context.Context, after uint64, wait bool) (json.RawMessage, error) {
	path := fmt.Sprintf("/events?after=%d", after)
	if wait {
		path += "&wait=1"
	}
	return c.do(ctx, http.MethodGet, path, nil)
}

// Order tells the daemon to do something; the body is sent as JSON. It returns
// when the order was passed on, not when it was carried out.
func (c Client) Order(ctx context.Context, name string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodPost, "/orders/"+name, bytes.NewReader(text))
	return err
}

// Config returns what a plan is made from: see director.InForce.
func (c Client) Config(ctx context.Context) (json.RawMessage, error) {
	return c.do(ctx, http.MethodGet, "/config", nil)
}

// Reload has the configuration loaded again and returns what became of it.
func (c Client) Reload(ctx context.Context, body any) (json.RawMessage, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return c.within(ctx, reloadLimit, http.MethodPost, "/reload", bytes.NewReader(text))
}

// do makes one request, within the socket's time limit.
func (c Client) do(ctx context.Context, method, path string, send io.Reader) (json.RawMessage, error) {
	return c.within(ctx, timeLimit, method, path, send)
}

// within makes a request that has so much time.
func (c Client) within(ctx context.Context, limit time.Duration, method, path string, send io.Reader) (json.RawMessage, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", c.Socket)
		},
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://hald"+path, send)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("you may not ask the daemon at %s (permission denied): be root, or in the group of that socket", c.Socket)
	}
	if err != nil {
		return nil, fmt.Errorf("no daemon answers at %s: %w", c.Socket, cause(err))
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
