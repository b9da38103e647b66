package director

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
)

func TestMerge(t *testing.T) {
	said := func(name, state string) balancer.Verdict {
		return balancer.Verdict{Instance: "web", Kind: "script", Name: name, State: state}
	}
	known := merge(nil, []balancer.Verdict{said("a", "up"), said("b", "unknown"), said("c", "down")})
	known = merge(known, []balancer.Verdict{said("a", "unknown"), said("b", "unknown"), said("c", "up"), said("d", "unknown")})
	got := ""
	for _, v := range known {
		got += v.Name + " " + v.State + ", "
	}
	if want := "a up, b unknown, c up, d unknown, "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// hearing is an election that dies after a while, again and again, and notes the
// verdict of the one tracker that each of its lives hears.
type hearing struct {
	mu    sync.Mutex
	lives [][]string
}

func (h *hearing) plot(ctx context.Context, link end, life int) error {
	h.mu.Lock()
	h.lives = append(h.lives, nil)
	h.mu.Unlock()
	go func() {
		for in := json.NewDecoder(link); ; {
			var c election.Command
			if in.Decode(&c) != nil {
				return
			}
			word := "configure"
			if c.Track != nil {
				word = c.Track.Verdicts[0].State
			}
			h.mu.Lock()
			h.lives[life] = append(h.lives[life], word)
			h.mu.Unlock()
		}
	}()
	select {
	case <-time.After(10 * time.Second):
	case <-ctx.Done():
	}
	return errors.New("died")
}

// TestVerdictsOutliveTheWorkers: each election hears what is known, and a balancer
// that begins anew knows nothing and undoes nothing.
func TestVerdictsOutliveTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := new(hearing)
		s := perform(t, h.plot, func(ctx context.Context, link end, life int) error {
			go json.NewDecoder(link).Decode(new(balancer.Command))
			out := json.NewEncoder(link)
			say := func(state string) {
				out.Encode(balancer.Report{Tracks: []balancer.Verdict{{Instance: "web", Kind: "script", Name: "a", State: state}}})
			}
			say("unknown")
			time.Sleep(time.Second)
			if life == 0 {
				say("down")
				time.Sleep(time.Second)
				return errors.New("died")
			}
			<-ctx.Done()
			return errors.New("killed")
		})
		time.Sleep(15 * time.Second)
		s.kill()
		<-s.ended
		synctest.Wait() // all has been heard
		for i := range h.lives {
			h.lives[i] = slices.Compact(h.lives[i]) // what it knows may be said again
		}
		want := [][]string{{"configure", "unknown", "down"}, {"configure", "down"}}
		if diff := cmp.Diff(want, h.lives); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
