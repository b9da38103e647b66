package director

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

// TestPeerWatch: who is named is asked again and again, until another one is.
func TestPeerWatch(t *testing.T) {
	page := func(name string) netip.AddrPort {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"cluster":"shop","director":%q,"vrrp_instances":[{"name":"web","state":"master"}]}`, name+r.URL.Path)
		}))
		t.Cleanup(s.Close)
		return netip.MustParseAddrPort(s.Listener.Addr().String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	w, heard, ended := newPeerWatch(), make(chan heardPeer), make(chan struct{})
	go func() {
		defer close(ended)
		w.run(ctx, func(h heardPeer) {
			select {
			case heard <- h:
			case <-ctx.Done():
			}
		})
	}()
	for _, name := range []string{"lb2", "lb3"} {
		at := page(name)
		w.set(asking{})
		w.set(asking{at, time.Millisecond})
		for seen := 0; seen < 3; {
			h := <-heard
			if h.address != at {
				continue // asked before
			}
			seen++
			if p := h.positions; h.err != nil || p.Director != name+"/vrrp.json" || p.Cluster != "shop" || len(p.Instances) != 1 || h.asked.IsZero() {
				t.Errorf("%+v", h)
			}
		}
	}
	w.set(asking{netip.MustParseAddrPort("127.0.0.1:1"), time.Millisecond})
	for h := range heard {
		if h.address.Port() == 1 {
			if h.err == nil {
				t.Errorf("nobody answered: %+v", h)
			}
			break
		}
	}
	cancel()
	<-ended
}
