package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"
)

// maxAnswer is how much of a peer's answer is read, in bytes: that of thousands of instances.
const maxAnswer = 1 << 20

// PeerClient asks another director's page again and again, over one connection that it
// keeps.
type PeerClient struct {
	bound  time.Duration // for an answer
	client http.Client
}

// NewPeerClient returns one that gives each question so long.
func NewPeerClient(bound time.Duration) *PeerClient {
	return &PeerClient{bound: bound, client: http.Client{
		Transport:     &http.Transport{MaxIdleConns: 1, IdleConnTimeout: idleLimit / 2}, // no proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Ask reads the JSON at a path of a page.
func (c *PeerClient) Ask(ctx context.Context, address netip.AddrPort, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.bound)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address.String()+path, nil)
	if err != nil {
		return err
	}
	response, err := c.client.Do(request)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", c.bound)
	}
	if err != nil {
		return cause(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read its answer: %w", cause(err))
	case len(text) > maxAnswer:
		return fmt.Errorf("its answer has more than %d bytes", maxAnswer)
	case json.Unmarshal(text, into) != nil:
		return errors.New("its answer is none of hald's")
	}
	return nil
}

// CloseIdle closes the connection.
func (c *PeerClient) CloseIdle() { c.client.CloseIdleConnections() }
