package director

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/election"
)

func TestOrdersReachTheElection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan election.Command, 8)
		s := perform(t, func(ctx context.Context, link end, _ int) error {
			in := json.NewDecoder(link)
			for {
				var c election.Command
				if in.Decode(&c) != nil {
					return nil
				}
				told <- c
			}
		}, obedient(upReport, 0, nil))
		synctest.Wait()
		if c := <-told; c.Configure == nil {
			t.Fatalf("told %+v first", c)
		}
		now := time.Now()
		orders := s.life.orderly()
		for _, tt := range []struct {
			name, body string
			want       election.Command
		}{
			{"handover", `{"instances":["web"],"for":60000000000}`, election.Command{Handover: &election.Handover{Instances: []string{"web"}, Until: now.Add(time.Minute)}}},
			{"handover", `{}`, election.Command{Handover: &election.Handover{}}},
			{"takeback", `{"instances":["web"]}`, election.Command{TakeBack: &election.TakeBack{Instances: []string{"web"}}}},
		} {
			if err := orders[tt.name](t.Context(), []byte(tt.body)); err != nil {
				t.Errorf("%s %s: %v", tt.name, tt.body, err)
				continue
			}
			if diff := cmp.Diff(tt.want, <-told); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", tt.name, tt.body, diff)
			}
		}
		for _, body := range []string{`{"instances":["nosuch"]}`, `{`} {
			if err := orders["handover"](t.Context(), []byte(body)); err == nil {
				t.Errorf("%s was passed on", body)
			}
		}
		s.leave()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := orders["handover"](ctx, []byte(`{}`)); err == nil {
			t.Error("an order was taken though no election runs")
		}
	})
}
