package director

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hald-project/hald/config"
)

func TestLogLevel(t *testing.T) {
	for _, given := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			level := "info"
			s := perform(t, configurable(masterReport, make(chan string, 9), willing), configurable(upReport, make(chan string, 9), willing), func(d *Director) {
				d.LogLevel, d.LogLevelGiven, d.Config.Log.Level = "warn", given, "info"
				d.Load = func() (*config.Config, config.Diagnostics) {
					c := testConfig()
					c.Log.Level = level
					return c, config.Diagnostics{}
				}
			})
			synctest.Wait()
			order := func(level string) error {
				err := s.life.levelOrder(t.Context(), "uid 0, pid 7", json.RawMessage(`{"level":"`+level+`"}`))
				synctest.Wait()
				return err
			}
			expect := func(want LogStatus) {
				t.Helper()
				if got := document(t, s).Log; got != want {
					t.Errorf("given %v: the status has %+v, want %+v", given, got, want)
				}
			}
			reload := func() {
				if o, err := s.life.renew(t.Context(), "", false); err != nil || !o.Applied {
					t.Fatalf("%+v, %v", o, err)
				}
			}
			expect(LogStatus{Level: "warn"})
			if err := order("loud"); err == nil || !strings.Contains(err.Error(), "debug, info, warn, error") {
				t.Errorf("a level that there is none of: %v", err)
			}
			if err := order("debug"); err != nil {
				t.Fatal(err)
			}
			expect(LogStatus{"debug", "uid 0, pid 7"})
			reload() // the same level
			expect(LogStatus{"debug", "uid 0, pid 7"})
			level = "error"
			reload()
			if given {
				expect(LogStatus{"debug", "uid 0, pid 7"})
			} else {
				expect(LogStatus{Level: "error"})
			}
			if err := order("error"); err != nil {
				t.Fatal(err)
			}
			story := slices.DeleteFunc(s.story(), func(what string) bool { return what != "daemon.order" && !strings.HasPrefix(what, "log ") })
			want := []string{"log debug", "daemon.order", "log error", "daemon.order", "log error"}
			if given {
				want = []string{"log debug", "daemon.order", "daemon.order", "log error"}
			}
			if !slices.Equal(story, want) {
				t.Errorf("given %v: %q, want %q", given, story, want)
			}
			s.leave()
		})
	}
}

// TestPlanRemembersTheNextStart: what only a start brings into force is in every plan
// until then, however often it was reloaded.
func TestPlanRemembersTheNextStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loaded := testConfig()
		loaded.Log.Format, loaded.Admin.SocketMode, loaded.Instances[1].Priority = "console", 0o600, 90
		s := perform(t, configurable(masterReport, make(chan string, 9), willing), configurable(upReport, make(chan string, 9), willing), func(d *Director) {
			d.Load = func() (*config.Config, config.Diagnostics) { return loaded, config.Diagnostics{} }
		})
		synctest.Wait()
		for n, want := range []string{"admin log vrrp_instance", "admin log", "admin log"} {
			o, err := s.life.renew(t.Context(), "", false)
			if err != nil || !o.Applied {
				t.Fatalf("%+v, %v", o, err)
			}
			if got := kinds(*o.Plan); got != want {
				t.Errorf("reload %d changes %s, want %s", n, got, want)
			}
		}
		answer, err := s.life.inForce(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		now := answer.(InForce)
		if got := kinds(config.Diff(now.Config, loaded.Sealed(now.Key), nil)); got != "admin log" {
			t.Errorf("hald plan: %q", got)
		}
		if loaded.Log.Format != "console" {
			t.Error("the files' own configuration was changed")
		}
		s.leave()
	})
}

func kinds(p config.Plan) string {
	var all []string
	for _, c := range p.Changes {
		all = append(all, c.Kind)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
