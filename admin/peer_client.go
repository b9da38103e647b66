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
	return &PeerClient{bound: bound, client: peerClient(&http.Transport{MaxIdleConns: 1, IdleConnTimeout: idleLimit / 2})}
}

// peerClient asks exactly the peer: with no proxy, and no other address that it names.
func peerClient(transport *http.Transport) http.Client {
	return http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Ask reads the JSON at a path of a page.
func (c *PeerClient) Ask(ctx context.Context, address netip.AddrPort, path string, into any) error {
	text, err := askFor(ctx, c.client, "http://"+address.String()+path, c.bound, maxAnswer)
	switch {
	case err != nil:
		return err
	case len(text) > maxAnswer:
		return fmt.Errorf("its answer has more than %d bytes", maxAnswer)
	case json.Unmarshal(text, into) != nil:
		return errors.New("its answer is none of hald's")
	}
	return nil
}

// askFor reads an answer within a bound, up to one byte more than it may have.
func askFor(ctx context.Context, client http.Client, url string, bound time.Duration, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("no answer within %v", bound)
	}
	if err != nil {
		return nil, cause(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("read its answer: %w", cause(err))
	}
	return text, nil
}

// CloseIdle closes the connection.
func (c *PeerClient) CloseIdle() { c.client.CloseIdleConnections() }
