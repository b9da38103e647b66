package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/event"
)

// teller is a sender whose attempts a test decides.
type teller struct {
	mu    sync.Mutex
	told  []string
	fails func(e event.Event) error // nil: none
	takes time.Duration
}

func (s *teller) send(ctx context.Context, events []event.Event) error {
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		if s.fails != nil {
			if err := s.fails(e); err != nil {
				return err
			}
		}
		s.told = append(s.told, fmt.Sprintf("%s%d", e.Instance, e.Seq))
	}
	return nil
}

func (s *teller) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told)
}

// site is a set under test with what it reports.
type site struct {
	*Set
	mu      sync.Mutex
	reports []event.Event
	stop    chan struct{}
	stopped chan struct{}
}

// bubble runs a test of a set in virtual time.
func bubble(t *testing.T, test func(t *testing.T, s *site)) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{Set: NewSet(), stop: make(chan struct{}), stopped: make(chan struct{})}
		go func() {
			defer close(s.stopped)
			for {
				select {
				case e := <-s.Reports():
					s.keep(e)
				case <-s.stop:
					return
				}
			}
		}()
		test(t, s)
	})
}

func (s *site) keep(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, e)
}

func (s *site) close(bound time.Duration) {
	close(s.stop)
	<-s.stopped
	s.Close(bound, s.keep)
}

func (s *site) reported() []event.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reports)
}

func notifying(name string, with sender, events ...string) Config {
	return Config{Name: name, Events: events, GiveUp: time.Hour, Timeout: time.Minute, with: with}
}

func TestPatterns(t *testing.T) {
	c := Config{Name: "pager", Events: []string{"vrrp.transition", "quorum.*", "*.failed"}}
	for name, want := range map[string]bool{"vrrp.transition": true, "vrrp.late": false, "quorum.lost": true, "discovery.failed": true, "quorum": false} {
		if c.wants(event.Event{Name: name}) != want {
			t.Errorf("%s: wanted is not %t", name, want)
		}
	}
	if c.wants(event.Event{Name: failedEvent, Notifier: "pager"}) || !c.wants(event.Event{Name: failedEvent, Notifier: "mail"}) {
		t.Error("a notifier is told of the failures of others, and not of its own")
	}
}

// Each instance is told in order though attempts fail; nobody waits.
func TestToldInOrderThoughItFails(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		failures := 3
		to := &teller{takes: 10 * time.Millisecond, fails: func(e event.Event) error {
			if e.Instance == "a" && failures > 0 {
				failures--
				return errors.New("no")
			}
			return nil
		}}
		s.Configure([]Config{notifying("pager", to, "*")})
		for seq := range uint64(3) {
			s.Tell(event.Event{Instance: "a", Seq: seq})
			s.Tell(event.Event{Instance: "b", Seq: seq})
		}
		time.Sleep(100 * time.Millisecond)
		if got := to.heard(); !slices.Equal(got, []string{"b0", "b1", "b2"}) {
			t.Errorf("at first %v was told", got)
		}
		if st := s.Status()[0]; st.Queue != 3 || st.Told != 3 || st.LastError != "no" || st.LastSuccess.IsZero() {
			t.Errorf("status %+v", st)
		}
		time.Sleep(10 * time.Second)
		if got := to.heard()[3:]; !slices.Equal(got, []string{"a0", "a1", "a2"}) {
			t.Errorf("then %v was told", got)
		}
		s.close(time.Second)
		if got := s.reported(); len(got) != 0 {
			t.Errorf("nothing was lost, and it reports %v", got)
		}
	})
}

func TestWhatIsGivenUpIsReported(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		to := &teller{fails: func(e event.Event) error {
			if e.Seq == 1 {
				return hopeless(errors.New("answered 404"))
			}
			return nil
		}}
		s.Configure([]Config{notifying("pager", to, "*")})
		s.Tell(event.Event{Name: "quorum.lost", Service: "web", Seq: 1})
		s.Tell(event.Event{Name: "notify.failed", Notifier: "other", Seq: 1})
		s.Tell(event.Event{Seq: 2})
		synctest.Wait()
		if got := to.heard(); !slices.Equal(got, []string{"2"}) {
			t.Errorf("%v was told", got)
		}
		want := event.Event{Name: "notify.failed", Notifier: "pager", Service: "web", Reason: "quorum.lost", Count: 1, Error: "answered 404"}
		if got := s.reported(); len(got) != 1 || got[0] != want {
			t.Errorf("reported %+v: a failure to tell of a failure must not be another event", got)
		}
		if st := s.Status()[0]; st.Lost != 2 || st.Queue != 0 {
			t.Errorf("status %+v", st)
		}
		s.close(time.Second)
	})
}

// A notifier that hangs holds up nobody: the oldest events make room, and one event
// in ten seconds says how many.
func TestAFullQueueIsReportedNowAndThen(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		to := &teller{takes: 50 * time.Second}
		s.Configure([]Config{notifying("pager", to, "*")})
		for seq := range uint64(5000) {
			s.Tell(event.Event{Seq: seq})
			if seq%100 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		time.Sleep(11 * time.Second)
		got, lost := s.reported(), 0
		for _, e := range got {
			if lost += e.Count; e.Reason != "queue_full" {
				t.Errorf("reported %+v", e)
			}
		}
		if len(got) != 2 || lost != 5000-1-maxWaiting {
			t.Errorf("%d reports of %d lost events, want 2 of %d", len(got), lost, 5000-1-maxWaiting)
		}
		s.close(time.Second)
	})
}

func TestReconfiguration(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		broken := &teller{fails: func(event.Event) error { return errors.New("no route to host") }}
		working, other := &teller{}, &teller{}
		s.Configure([]Config{notifying("pager", broken, "*"), notifying("gone", broken, "*"), notifying("same", other, "quorum.*")})
		s.Tell(event.Event{Name: "vrrp.late", Seq: 1})
		time.Sleep(100 * time.Millisecond)
		s.Configure([]Config{notifying("same", other, "quorum.*"), notifying("pager", working, "vrrp.*")})
		s.Tell(event.Event{Name: "quorum.lost", Seq: 2})
		time.Sleep(5 * time.Second)
		if got := working.heard(); !slices.Equal(got, []string{"1"}) {
			t.Errorf("after the change %v was told: what waited goes the new way", got)
		}
		if got := other.heard(); !slices.Equal(got, []string{"2"}) {
			t.Errorf("the one that is the same told %v", got)
		}
		if got := s.reported(); len(got) != 1 || got[0].Notifier != "gone" || got[0].Reason != "ended" || got[0].Count != 1 {
			t.Errorf("reported %+v", got)
		}
		if names := s.Status(); len(names) != 2 || names[0].Name != "same" || names[0].Told != 1 || names[1].Events[0] != "vrrp.*" {
			t.Errorf("status %+v", names)
		}
		s.close(time.Second)
	})
}

// At the end what is left is told, within a bound, and what is not is reported.
func TestClosing(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		quick, slow := &teller{takes: time.Second}, &teller{takes: time.Hour}
		s.Configure([]Config{notifying("quick", quick, "*"), notifying("slow", slow, "*")})
		for seq := range uint64(3) {
			s.Tell(event.Event{Instance: "a", Seq: seq})
		}
		began := time.Now()
		s.close(5 * time.Second)
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
		if got := quick.heard(); len(got) != 3 {
			t.Errorf("%v was told", got)
		}
		if got := s.reported(); len(got) != 1 || got[0].Notifier != "slow" || got[0].Count != 3 {
			t.Errorf("reported %+v", got)
		}
	})
}

// Who waits before addresses move goes on when all have ended, well or not, and at
// once when there is nobody.
func TestAwaited(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		waits := func() (took time.Duration) {
			began, done := time.Now(), make(chan struct{})
			s.Await(event.Event{Name: "vrrp.transition", Instance: "a"}, func() { close(done) })
			<-done
			return time.Since(began)
		}
		if took := waits(); took != 0 {
			t.Errorf("without a notifier it took %v", took)
		}
		good, bad := &teller{takes: time.Second}, &teller{takes: 2 * time.Second, fails: func(event.Event) error { return errors.New("no") }}
		first, second := notifying("first", good, "vrrp.transition"), notifying("second", bad, "vrrp.transition")
		first.Before, second.Before, first.GiveUp, second.GiveUp = true, true, 0, 0
		s.Configure([]Config{first, second, notifying("after", &teller{takes: time.Hour}, "*")})
		s.Tell(event.Event{Name: "vrrp.transition", Instance: "a"})
		if took := waits(); took != 2*time.Second {
			t.Errorf("it took %v", took)
		}
		if got := good.heard(); len(got) != 1 {
			t.Errorf("%v was told: those that are awaited are not told otherwise", got)
		}
		second.Timeout = time.Second
		s.Configure([]Config{first, second})
		if took := waits(); took != time.Second {
			t.Errorf("with a timeout of a second it took %v", took)
		}
		s.close(0)
	})
}
