package director

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
)

func TestHowLongIsWaited(t *testing.T) {
	after := config.Notifier{Kind: "exec", Exec: config.NotifyExec{Timeout: time.Hour}}
	short := config.Notifier{Kind: "exec", Exec: config.NotifyExec{Timeout: time.Second, Before: true}}
	long := config.Notifier{Kind: "exec", Exec: config.NotifyExec{Timeout: 5 * time.Second, Before: true}}
	for _, tt := range []struct {
		list []config.Notifier
		want time.Duration
	}{{nil, 0}, {[]config.Notifier{after}, 0}, {[]config.Notifier{short, after, long}, 5*time.Second + moveSlack}} {
		if got := before(tt.list); got != tt.want {
			t.Errorf("%d notifiers: %v, want %v", len(tt.list), got, tt.want)
		}
	}
}

// The election is told to go on with the move that it waits with, and what is known of
// where the addresses are follows.
func TestAMoveGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceeds := make(chan election.Proceed, 9)
		asks := func(_ context.Context, link end, _ int) error {
			in, out := json.NewDecoder(link), json.NewEncoder(link)
			var first election.Command
			in.Decode(&first)
			out.Encode(masterReport)
			for serial, m := range []election.Move{
				{From: "backup", To: "master"}, {From: "master", To: "backup", Abandoned: true}, {From: "backup", To: "master"},
			} {
				m.Instances, m.Serial = []string{"web", "mail"}, uint64(serial+7)
				out.Encode(election.Report{Move: &m})
			}
			for {
				var c election.Command
				if in.Decode(&c) != nil {
					return nil
				}
				if c.Proceed != nil {
					proceeds <- *c.Proceed
				}
			}
		}
		quiet := func(_ context.Context, link end, _ int) error {
			json.NewEncoder(link).Encode(upReport)
			io.Copy(io.Discard, link)
			return nil
		}
		s := perform(t, asks, quiet)
		serials := map[uint64]bool{}
		for range 3 {
			p := <-proceeds
			if p.Instance != "web" {
				t.Errorf("%+v", p)
			}
			serials[p.Serial] = true
		}
		if len(serials) != 3 {
			t.Errorf("told to go on with %v", serials)
		}
		s.leave()
		if !s.life.moved["web"] || !s.life.moved["mail"] {
			t.Errorf("the addresses are known to be here: %v", s.life.moved)
		}
	})
}
