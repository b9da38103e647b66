package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"github.com/hald-project/hald/config"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
)

func TestAQuietLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := event.Event{Name: "vrrp.transition", Instance: "web", From: "master", To: "init"}
		s := perform(t, obedient(masterReport, 800*time.Millisecond, &left), obedient(upReport, 100*time.Millisecond, nil))
		synctest.Wait()
		answer, err := s.life.ask(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		document := answer.(Document)
		if document.VRRPInstances[0].State != "master" || !document.VirtualServers[0].HasQuorum {
			t.Errorf("document %+v, want what the workers reported", document)
		}
		signs := s.alive.Load()
		time.Sleep(time.Minute)
		if signs == 0 || s.alive.Load() != signs {
			t.Errorf("%d signs of life with the election's report and %d in the minute without one", signs, s.alive.Load()-signs)
		}

		if took := s.leave(); took != 900*time.Millisecond {
			t.Errorf("stop took %v, want 800 ms of the election and then 100 ms of the balancer", took)
		}
		want := []string{"daemon.started", "config.loaded", "config.applied", "READY=1",
			"STOPPING=1", "daemon.stopping", "election ends", "balancer ends", "daemon.stopped"}
		var story []string
		for _, what := range s.story() {
			if !strings.HasSuffix(what, "starts") && what != left.Name { // in any order
				story = append(story, what)
			}
		}
		if diff := cmp.Diff(want, story); diff != "" {
			t.Errorf("story (-want +got):\n%s", diff)
		}
		if !s.before(left.Name, "balancer ends") {
			t.Error("what the election reported while leaving was lost")
		}
		if got := s.events("daemon.stopped")[0]; got.DurationMS != 900 || got.Error != "" {
			t.Errorf("last event %+v, want duration_ms 900 and no error", got)
		}
	})
}

func TestEventsAreStampedWithoutGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := perform(t, func(_ context.Context, link end, _ int) error {
			go io.Copy(io.Discard, link)
			for range 50 {
				json.NewEncoder(link).Encode(election.Report{Event: &event.Event{Name: "vrrp.late"}})
			}
			return errors.New("died")
		}, obedient(upReport, 0, nil))
		time.Sleep(10 * time.Second)
		s.leave()
		events := s.life.ring.Events()
		if len(events) < 300 {
			t.Fatalf("only %d events", len(events))
		}
		for i, e := range events {
			if e.Seq != uint64(i+1) || e.Cluster != "shop" || e.Director != "lb1" || e.Time.IsZero() {
				t.Fatalf("event %d is %+v", i, e)
			}
		}
	})
}

func TestADeadElectionIsCleanedUpAndStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := obedient(masterReport, 0, nil)
		s := perform(t, func(ctx context.Context, link end, life int) error {
			if life > 0 {
				return good(ctx, link, life)
			}
			json.NewDecoder(link).Decode(new(election.Command))
			json.NewEncoder(link).Encode(masterReport)
			for _, to := range []string{"backup", "master"} {
				json.NewEncoder(link).Encode(election.Report{Event: &event.Event{Name: "vrrp.transition", Instance: "web", VRID: 51, To: to}})
			}
			time.Sleep(7 * time.Second)
			return errors.New("exit status 2: panic: boom")
		}, obedient(upReport, 0, nil))

		time.Sleep(7*time.Second + firstPause/2)
		answer, _ := s.life.ask(t.Context())
		if got := answer.(Document).VRRPInstances; len(got) != 2 || got[0].State != "init" || got[0].Reason != notRunning {
			t.Errorf("status while no election runs: %+v", got)
		}
		time.Sleep(time.Second)
		s.leave()

		exited := s.events("worker.exited")
		if len(exited) != 1 || exited[0].Reason != "election" || exited[0].DurationMS != 7000 ||
			exited[0].Error != "exit status 2: panic: boom" {
			t.Errorf("worker.exited: %+v", exited)
		}
		if got := s.events("vrrp.transition"); len(got) != 3 || got[2].From != "master" || got[2].To != "init" ||
			got[2].Instance != "web" || got[2].VRID != 51 || got[2].Reason != "election_died" {
			t.Errorf("transitions %+v, want the last one to end what the dead election was", got)
		}
		if got := s.events("cleanup"); len(got) != 1 || got[0].Error != "web;" {
			t.Errorf("clean-ups for %+v, want one for what was master: web", got)
		}
		if !s.before("cleanup", "worker.restarted") {
			t.Error("restarted before the clean-up")
		}
		if diff := cmp.Diff([]time.Duration{0, 7*time.Second + firstPause}, s.times("election starts")); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
		if n := len(s.times("READY=1")); n != 1 {
			t.Errorf("READY=1 sent %d times", n)
		}
	})
}

func TestADeadBalancerNeedsNoCleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := obedient(upReport, 0, nil)
		s := perform(t, obedient(masterReport, 0, nil), func(ctx context.Context, link end, life int) error {
			if life > 0 {
				return good(ctx, link, life)
			}
			json.NewDecoder(link).Decode(new(balancer.Command))
			return errors.New("signal: killed")
		})
		time.Sleep(time.Second)
		answer, _ := s.life.ask(t.Context())
		if got := answer.(Document).VirtualServers; len(got) != 1 || !got[0].HasQuorum {
			t.Errorf("status of the second life: %+v", got)
		}
		s.leave()
		if n := len(s.times("balancer starts")); n != 2 {
			t.Errorf("%d starts, want 2", n)
		}
		if len(s.events("cleanup")) != 0 {
			t.Error("the election's clean-up ran for the balancer")
		}
	})
}

func TestRestartsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := perform(t, obedient(masterReport, 0, nil), func(_ context.Context, link end, life int) error {
			json.NewDecoder(link).Decode(new(balancer.Command))
			if life == 8 {
				time.Sleep(longLife)
			}
			return errors.New("died")
		})
		time.Sleep(time.Minute)
		s.leave()
		var pauses []time.Duration
		ends := s.times("balancer ends")
		for i, start := range s.times("balancer starts")[1:] {
			pauses = append(pauses, start-ends[i])
		}
		ms := time.Millisecond
		want := []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms,
			100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms}
		if diff := cmp.Diff(want, pauses[:min(len(want), len(pauses))]); diff != "" {
			t.Errorf("pauses (-want +got):\n%s", diff)
		}
	})
}

func TestAnElectionThatDoesNotLeaveIsKilledAndCleanedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := perform(t, func(ctx context.Context, link end, _ int) error {
			json.NewDecoder(link).Decode(new(election.Command))
			json.NewEncoder(link).Encode(masterReport)
			<-ctx.Done()
			return errors.New("signal: killed")
		}, obedient(upReport, 0, nil))
		synctest.Wait()
		// The longest interval is 3 s.
		if took := s.leave(); took != 3*time.Second+slack {
			t.Errorf("stop took %v", took)
		}
		if got := s.events("cleanup"); len(got) != 1 || got[0].Error != "web;" {
			t.Errorf("clean-ups %+v, want one for web", got)
		}
		if got := s.events("worker.exited"); len(got) != 1 || got[0].Error != errOverdue.Error() {
			t.Errorf("worker.exited %+v, want one that says it was overdue", got)
		}
		if !s.before("cleanup", "balancer ends") {
			t.Error("the balancer left before the election's addresses were gone")
		}
		if n := len(s.times("election starts")); n != 1 {
			t.Errorf("started %d times although stopping", n)
		}
	})
}

func TestTheSecondSignalKillsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := perform(t, obedient(masterReport, time.Hour, nil), obedient(upReport, time.Hour, nil))
		hang := func(ctx context.Context, _ end, _ int) error { <-ctx.Done(); return errors.New("signal: killed") }
		s.kill()
		<-s.ended

		s = perform(t, hang, hang)
		synctest.Wait()
		close(s.stop)
		time.Sleep(time.Second)
		began := time.Now()
		s.kill()
		<-s.ended
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v", took)
		}
		if len(s.events("cleanup")) != 0 {
			t.Error("cleaned up although told to end at once")
		}
		if got := s.events("daemon.stopped"); len(got) != 1 || got[0].Error != ErrKilled.Error() {
			t.Errorf("daemon.stopped %+v, want one that says it was not in order", got)
		}
	})
}

func TestAStopDuringTheClimbOfPausesIsImmediate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := perform(t, func(context.Context, end, int) error { return errors.New("died") }, obedient(upReport, 0, nil))
		time.Sleep(20 * time.Second)
		if took := s.leave(); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

func TestTranslationsReachTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e election.Command
		var b balancer.Command
		s := perform(t, func(ctx context.Context, link end, _ int) error {
			json.NewDecoder(link).Decode(&e)
			<-ctx.Done()
			return nil
		}, func(ctx context.Context, link end, _ int) error {
			json.NewDecoder(link).Decode(&b)
			<-ctx.Done()
			return nil
		})
		synctest.Wait()
		if e.Configure == nil || len(e.Configure.Instances) != 2 || e.Configure.Instances[1].Interval != 3*time.Second {
			t.Errorf("the election was told %+v", e.Configure)
		}
		if b.Configure == nil || b.Configure.Record != "/run/test/services.json" || len(b.Configure.Services) != 1 {
			t.Errorf("the balancer was told %+v", b.Configure)
		}
		s.kill()
		<-s.ended
	})
}

// TestManyServicesAreToldInPortions: the balancer's configuration comes in messages of few virtual
// servers each, in their order, and is complete with the last.
func TestManyServicesAreToldInPortions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		s := perform(t, obedient(masterReport, 0, nil), func(ctx context.Context, link end, _ int) error {
			for from := json.NewDecoder(link); ; {
				var c balancer.Command
				if from.Decode(&c) != nil {
					return nil
				}
				some := c.Services
				if c.Configure != nil {
					some = append(some, c.Configure.Services...)
				}
				if len(some) == 0 || len(some) > portion {
					t.Errorf("%d services in a message", len(some))
				}
				for _, service := range some {
					told = append(told, service.Name)
				}
				if c.Configure != nil {
					<-ctx.Done()
					return nil
				}
			}
		}, func(d *Director) {
			d.Config.Services = nil
			for i := range 10 * portion {
				d.Config.Services = append(d.Config.Services, config.Service{Name: fmt.Sprint(i)})
			}
		})
		synctest.Wait()
		for i, name := range told {
			if name != fmt.Sprint(i) {
				t.Errorf("%d is %s", i, name)
			}
		}
		if len(told) != 10*portion {
			t.Errorf("%d services told", len(told))
		}
		s.kill()
		<-s.ended
	})
}
