package director

import (
	"context"
	"encoding/json"
	"strings"
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
			{"maintenance", `{"on":true,"for":60000000000}`, election.Command{Maintenance: &election.MaintenanceOrder{On: true, Until: now.Add(time.Minute), By: "uid 0, pid 1"}}},
			{"maintenance", `{}`, election.Command{Maintenance: &election.MaintenanceOrder{By: "uid 0, pid 1"}}},
		} {
			if err := orders[tt.name](t.Context(), "uid 0, pid 1", []byte(tt.body)); err != nil {
				t.Errorf("%s %s: %v", tt.name, tt.body, err)
				continue
			}
			if diff := cmp.Diff(tt.want, <-told); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", tt.name, tt.body, diff)
			}
		}
		synctest.Wait()
		for i, want := range []string{"handover web for 1m0s", "handover", "takeback web", "maintenance on for 1m0s", "maintenance off"} {
			if e := s.events("daemon.order")[i]; e.Reason != want || e.By != "uid 0, pid 1" {
				t.Errorf("logged %+v, want %s", e, want)
			}
		}
		for body, order := range map[string]string{
			`{"instances":["nosuch"]}`: "handover", `{`: "handover", ``: "handover", `{}{}`: "handover",
			`{"on":true,"for":-1}`: "maintenance", `{"on":true,"four":60000000000}`: "maintenance", `{"for":-60000000000}`: "handover",
			`{"service":"web","server":"web1","for":-1}`: "drain", `{"service":"web","server":"web1","fro":1}`: "drain", `{"service":"web","server":"web1","weight":65536}`: "weight",
		} {
			err := orders[order](t.Context(), "uid 0, pid 1", []byte(body))
			if err == nil || !strings.Contains(err.Error(), "order") && !strings.Contains(err.Error(), "no length of time") && !strings.Contains(err.Error(), "there is no instance") && !strings.Contains(err.Error(), "0 to 65535") {
				t.Errorf("%s %s: %v", order, body, err)
			}
		}
		s.leave()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := orders["handover"](ctx, "uid 0, pid 1", []byte(`{}`)); err == nil {
			t.Error("an order was taken though no election runs")
		}
	})
}
