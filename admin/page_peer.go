package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	body, err := askFor(ctx, peerClient(&http.Transport{DisableKeepAlives: true}), url, peerLimit, maxDocument)
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxDocument:
		return nil, fmt.Errorf("its answer has more than %d MB", maxDocument>>20)
	case !json.Valid(body):
		return nil, errors.New("its answer is no status of hald")
	}
	return body, nil
}
