package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	peerAge     = time.Second     // the peer's status is shared so long
	peerLimit   = 2 * time.Second // for the peer to answer
	maxDocument = 32 << 20        // bytes of the peer's status
)

// peerView is what another director says of itself, or why nothing is known.
type peerView struct {
	Address  string          `json:"address"` // empty: there is none
	Error    string          `json:"error,omitempty"`
	Document json.RawMessage `json:"document,omitempty"`
}

// askPeer asks the peer for its status. The daemon asks, and not the browser, which
// need not reach it.
func (p *Page) askPeer(ctx context.Context) ([]byte, error) {
	address := p.now.Load().Peer
	if !address.IsValid() {
		return json.Marshal(peerView{})
	}
	view := peerView{Address: address.String()}
	var err error
	if view.Document, err = fetch(ctx, "http://"+view.Address+"/status.json"); err != nil {
		view.Error, view.Document = err.Error(), nil
	}
	return json.Marshal(view)
}

func fetch(ctx context.Context, url string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, peerLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DisableKeepAlives: true} // and no proxy
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("no answer within %v", peerLimit)
		}
		return nil, cause(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read its answer: %w", cause(err))
	case len(body) > maxDocument:
		return nil, fmt.Errorf("its answer has more than %d MB", maxDocument>>20)
	case !json.Valid(body):
		return nil, errors.New("its answer is no status of hald")
	}
	return body, nil
}
