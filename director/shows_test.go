package director

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/balancer"
)

// Who asks for the status is answered by the balancer, and where there is none or
// it is silent, with what the configuration says and why.
func TestStatusOfServices(t *testing.T) {
	configured := func(link end) *json.Decoder {
		from := json.NewDecoder(link)
		from.Decode(new(balancer.Command))
		return from
	}
	for name, tt := range map[string]struct {
		balancer  plot
		asked     time.Duration // after the start
		took      time.Duration
		wantError string // of the service
	}{
		"answers": {obedient(upReport, 0, nil), time.Second, 0, ""},
		"is late": {func(ctx context.Context, link end, _ int) error {
			configured(link).Decode(new(balancer.Command))
			time.Sleep(2 * time.Second)
			json.NewEncoder(link).Encode(upReport)
			<-ctx.Done()
			return nil
		}, time.Second, 2 * time.Second, ""},
		"is silent": {func(ctx context.Context, link end, _ int) error {
			configured(link).Decode(new(balancer.Command))
			<-ctx.Done()
			return nil
		}, time.Second, answerBound, notAnswering},
		"does not read": {func(ctx context.Context, link end, _ int) error {
			configured(link)
			<-ctx.Done()
			return nil
		}, time.Second, answerBound, notAnswering},
		"has not begun": {func(ctx context.Context, _ end, _ int) error {
			<-ctx.Done()
			return nil
		}, time.Second, 0, notRunning},
		"dies of it": {func(_ context.Context, link end, _ int) error {
			configured(link).Decode(new(balancer.Command))
			return errors.New("signal: killed")
		}, time.Second, 0, notRunning},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := perform(t, obedient(masterReport, 0, nil), tt.balancer)
				time.Sleep(tt.asked)
				begun := time.Now()
				answers := make(chan Document, 2)
				for range cap(answers) {
					go func() {
						answer, _ := s.life.ask(t.Context())
						answers <- answer.(Document)
					}()
				}
				for range cap(answers) {
					got := (<-answers).VirtualServers
					if len(got) != 1 || got[0].Error != tt.wantError || got[0].HasQuorum != (tt.wantError == "") {
						t.Errorf("%+v, want the error %q", got, tt.wantError)
					}
				}
				if took := time.Since(begun); took != tt.took {
					t.Errorf("answered after %v, want %v", took, tt.took)
				}
				if d, err := s.life.asked(t.Context(), false); err != nil || d.VirtualServers != nil {
					t.Errorf("a question about the election alone was answered with %d services, %v", len(d.VirtualServers), err)
				}
				s.kill()
				<-s.ended
			})
		})
	}
}
