package director

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/election"
)

var planned = election.Planned{
	Maintenance: &election.Maintenance{Since: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), By: "uid 0, pid 1"},
	Standby:     map[string]election.Standby{"web": {Until: time.Date(2126, 11, 22, 4, 0, 0, 0, time.UTC)}},
}

// telling is an election that notes what planned work each life is told of, and
// reports what is sent to says.
func telling(told chan<- election.Planned, says <-chan election.Planned) plot {
	return func(ctx context.Context, link end, _ int) error {
		var c election.Command
		if err := json.NewDecoder(link).Decode(&c); err != nil {
			return err
		}
		told <- c.Configure.Planned
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			json.NewDecoder(link).Decode(&c)
		}()
		for {
			select {
			case p, ok := <-says:
				if !ok {
					return context.Canceled
				}
				json.NewEncoder(link).Encode(election.Report{Status: masterReport.Status, Planned: &p})
			case <-closed:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func document(t *testing.T, s *stage) Document {
	t.Helper()
	d, err := s.life.ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d.(Document)
}

// TestPlannedWorkIsKept: what the election reports is on the disk, in the status,
// and what the next process and the next daemon are told.
func TestPlannedWorkIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, says := make(chan election.Planned, 8), make(chan election.Planned)
		s := perform(t, telling(told, says), obedient(upReport, 0, nil))
		if diff := cmp.Diff(election.Planned{}, <-told); diff != "" {
			t.Errorf("in the beginning (-want +got):\n%s", diff)
		}
		if _, err := os.Stat(s.life.planned.keeper.path); err == nil {
			t.Error("without planned work there is a file")
		}
		says <- planned
		synctest.Wait()
		if d := document(t, s); !d.Kept || d.StateError != "" || cmp.Diff(planned.Maintenance, d.Maintenance) != "" {
			t.Errorf("status: %+v", d)
		}
		got, err := loadPlanned(s.life.planned.keeper.path, election.Config{})
		if diff := cmp.Diff(planned, got); diff != "" || err != nil {
			t.Errorf("on the disk (-want +got), %v:\n%s", err, diff)
		}
		close(says) // it dies
		if diff := cmp.Diff(planned, <-told); diff != "" {
			t.Errorf("the next process was told (-want +got):\n%s", diff)
		}
		s.leave()
	})
}

func TestPlannedWorkThatCannotBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, says := make(chan election.Planned, 8), make(chan election.Planned)
		s := perform(t, telling(told, says), obedient(upReport, 0, nil))
		<-told
		draft := s.life.planned.keeper.path + ".new"
		if err := os.Mkdir(draft, 0o700); err != nil { // in the way
			t.Fatal(err)
		}
		says <- planned
		synctest.Wait()
		if d := document(t, s); d.Kept || d.StateError == "" || d.Maintenance == nil {
			t.Errorf("status: %+v", d)
		}
		time.Sleep(3 * keepAgain)
		synctest.Wait()
		if e := s.events("daemon.state_error"); len(e) != 1 || e[0].Reason != "write" || e[0].Error == "" {
			t.Errorf("reported %+v", e)
		}
		os.Remove(draft)
		time.Sleep(keepAgain)
		synctest.Wait()
		if d := document(t, s); !d.Kept || d.StateError != "" {
			t.Errorf("status with the disk in order: %+v", d)
		}
		s.leave()
	})
}

// TestPlannedWorkIsKeptWhenLeaving: the last word counts.
func TestPlannedWorkIsKeptWhenLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, says := make(chan election.Planned, 8), make(chan election.Planned)
		s := perform(t, telling(told, says), obedient(upReport, 0, nil))
		<-told
		says <- planned
		s.leave()
		if got, err := loadPlanned(s.life.planned.keeper.path, election.Config{}); err != nil || got.Maintenance == nil {
			t.Errorf("on the disk %+v, %v", got, err)
		}
	})
}

// TestUnreadablePlannedWork: every instance stands by, nothing is in maintenance.
func TestUnreadablePlannedWork(t *testing.T) {
	c := ElectionConfig(testConfig())
	path := filepath.Join(t.TempDir(), "planned.json")
	for _, text := range []string{"", "{", `{"maintenance":5}`, "\x00\x00\x00"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := loadPlanned(path, c)
		want := election.Planned{Standby: map[string]election.Standby{"web": {}, "mail": {}}}
		if diff := cmp.Diff(want, got); diff != "" || err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, (-want +got):\n%s", text, err, diff)
		}
	}
	if got, err := loadPlanned(filepath.Join(path, "none"), c); err == nil || len(got.Standby) != 2 {
		t.Errorf("a path through a file: %+v, %v", got, err)
	}
	if got, err := loadPlanned(path+".none", c); err != nil || got.Standby != nil {
		t.Errorf("no file: %+v, %v", got, err)
	}
}

func TestUnreadablePlannedWorkIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := perform(t, obedient(masterReport, 0, nil), obedient(upReport, 0, nil), func(d *Director) {
			if err := os.WriteFile(plannedFile(d.StateDir), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		})
		synctest.Wait()
		if d := document(t, s); d.Kept || d.StateError == "" {
			t.Errorf("status: %+v", d)
		}
		s.leave()
		if e := s.events("daemon.state_error"); len(e) != 1 || e[0].Reason != "read" {
			t.Errorf("reported %+v", e)
		}
	})
}
