package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
)

// configurable is a worker that answers every configuration, with what the refusal
// says to all but the first; told gets the command.
func configurable(status any, told chan<- string, refusal func(serial uint64) string) plot {
	return func(ctx context.Context, link end, _ int) error {
		in, out := json.NewDecoder(link), json.NewEncoder(link)
		for {
			var c struct{ Configure *struct{ Serial uint64 } }
			var raw json.RawMessage
			if in.Decode(&raw) != nil {
				return nil
			}
			if json.Unmarshal(raw, &c) != nil || c.Configure == nil {
				continue
			}
			told <- string(raw)
			out.Encode(status)
			if why := refusal(c.Configure.Serial); why != "silence" {
				out.Encode(balancer.Report{Configured: &balancer.Configured{Serial: c.Configure.Serial, Error: why}})
			}
		}
	}
}

func willing(uint64) string { return "" }

func TestReload(t *testing.T) {
	mail := func(c *config.Config) { c.Instances[1].Priority = 90 }
	for _, tt := range []struct {
		name     string
		change   func(c *config.Config)
		allow    bool
		election func(uint64) string
		refused  string // part of the reason; empty: applied
		told     int    // times that the election was told something
		priority string // in the election's last configuration
	}{
		{"nothing", func(c *config.Config) { c.Hash = "def" }, false, willing, "", 1, `"vrid":2,"priority":100`},
		{"in place", mail, false, willing, "", 2, `"vrid":2,"priority":90`},
		{"of the balancer alone", func(c *config.Config) { c.Services[0].Scheduler = "wlc" }, false, willing, "", 1, `"vrid":2,"priority":100`},
		{"interrupting", func(c *config.Config) { c.Instances[0].VRID = 7 }, false, willing, "interrupt service", 1, `"vrid":1,`},
		{"interrupting, allowed", func(c *config.Config) { c.Instances[0].VRID = 7 }, true, willing, "", 2, `"vrid":7,`},
		{"a backup begins anew", func(c *config.Config) { c.Instances[1].VRID = 7 }, false, willing, "", 2, `"vrid":7,`},
		{"refused by the election", mail, false, func(serial uint64) string {
			if serial == 1 {
				return "no socket"
			}
			return ""
		}, "no socket", 3, `"vrid":2,"priority":100`},
		{"not answered", mail, false, func(serial uint64) string { return "silence" }, "in time", 3, `"vrid":2,"priority":100`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told, other := make(chan string, 9), make(chan string, 9)
				s := perform(t, configurable(masterReport, told, tt.election), configurable(upReport, other, willing), func(d *Director) {
					d.Load = func() (*config.Config, config.Diagnostics) {
						c := testConfig()
						c.Hash = "def"
						tt.change(c)
						return c, config.Diagnostics{}
					}
				})
				time.Sleep(time.Minute)
				o, err := s.life.renew(t.Context(), "uid 0, pid 1", tt.allow)
				if err != nil || o.Applied != (tt.refused == "") || !strings.Contains(o.Refused, tt.refused) {
					t.Errorf("outcome %+v, %v", o, err)
				}
				synctest.Wait()
				if len(told) != tt.told {
					t.Errorf("the election was told %d times, want %d", len(told), tt.told)
				}
				last := ""
				for len(told) > 0 {
					last = <-told
				}
				var c election.Command
				if err := json.Unmarshal([]byte(last), &c); err != nil || !strings.Contains(last, tt.priority) {
					t.Errorf("the election was told last: %s, %v", last, err)
				}
				d := document(t, s)
				if want := map[bool]string{true: "def", false: "abc"}[o.Applied]; d.Config.Hash != want || o.Applied != d.Config.LoadedAt.After(s.life.began) {
					t.Errorf("status: %+v, want hash %s", d.Config, want)
				}
				name := map[bool]string{true: "config.applied", false: "config.rejected"}[o.Applied]
				if e := s.events(name); e[len(e)-1].By != "uid 0, pid 1" {
					t.Errorf("events %+v", e)
				}
				s.leave()
				if _, err := s.life.renew(t.Context(), "", true); err == nil {
					t.Error("a director that has stopped reloads")
				}
			})
		})
	}
}

// TestReloadTellsTheBalancerWhatIsDifferent: of a thousand services one has changed, and
// the balancer is told of one. After a refusal it is told all of the old ones.
func TestReloadTellsTheBalancerWhatIsDifferent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, weight := make(chan string, 9), 2
		refused := func(serial uint64) string { return map[uint64]string{2: "no socket"}[serial] }
		services := func() (all []config.Service) {
			for _, name := range []string{"http", "dns"} {
				all = append(all, config.Service{Name: name, Servers: []config.Server{{Name: "web1", Weight: 2}}})
			}
			return all
		}
		s := perform(t, obedient(masterReport, 0, nil), configurable(upReport, told, refused), func(d *Director) {
			d.Config.Services = services()
			d.Load = func() (*config.Config, config.Diagnostics) {
				c := testConfig()
				c.Services = services()
				c.Services[1].Servers[0].Weight = weight
				return c, config.Diagnostics{}
			}
		})
		time.Sleep(time.Second)
		for _, weight = range []int{3, 4, 5} {
			s.life.renew(t.Context(), "", false)
			synctest.Wait()
		}
		want := []string{
			"0 after 0, []: http 2 dns 2",
			"1 after 0, [http dns]: dns 3",
			"2 after 1, [http dns]: dns 4",
			"3 after 0, []: http 2 dns 3", // back
			"4 after 3, [http dns]: dns 5",
		}
		if diff := cmp.Diff(want, parts(told)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		s.leave()
	})
}

// parts are the configurations that a balancer was told.
func parts(told chan string) (all []string) {
	for len(told) > 0 {
		var c balancer.Command
		json.Unmarshal([]byte(<-told), &c)
		text := fmt.Sprintf("%d after %d, %s:", c.Configure.Serial, c.Configure.After, c.Configure.Order)
		for _, service := range c.Configure.Services {
			text += fmt.Sprintf(" %s %d", service.Name, service.Servers[0].Weight)
		}
		all = append(all, text)
	}
	return all
}

// TestReloadOnTheWayBack: a balancer that has not yet said that it went back from a
// configuration is told all of the next one, which is different from the one before.
func TestReloadOnTheWayBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, weight := make(chan string, 9), 2
		busy := func(ctx context.Context, link end, life int) error {
			return configurable(upReport, told, func(serial uint64) string {
				if serial != 1 {
					return ""
				}
				json.NewEncoder(link).Encode(balancer.Report{Configured: &balancer.Configured{Serial: serial}})
				time.Sleep(time.Second) // and reads nothing meanwhile
				return "silence"
			})(ctx, link, life)
		}
		refuses := func(serial uint64) string { return map[uint64]string{1: "no socket"}[serial] }
		s := perform(t, configurable(masterReport, make(chan string, 9), refuses), busy, func(d *Director) {
			d.Load = func() (*config.Config, config.Diagnostics) {
				c := testConfig()
				weight++
				c.Services[0].Servers[0].Weight, c.Instances[1].Priority = weight, uint8(weight)
				return c, config.Diagnostics{}
			}
		})
		time.Sleep(time.Second)
		for _, applied := range []bool{false, true, true} {
			if o, err := s.life.renew(t.Context(), "", true); err != nil || o.Applied != applied {
				t.Errorf("%+v, %v", o, err)
			}
			synctest.Wait() // what it is told is on its way, and not replaced by the next
		}
		want := []string{
			"0 after 0, []: http 2",
			"1 after 0, [http]: http 3",
			"2 after 0, []: http 2", // back
			"3 after 0, []: http 4",
			"4 after 3, [http]: http 5",
		}
		if diff := cmp.Diff(want, parts(told)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		s.leave()
	})
}

// TestReloadAsksForAMachineThatCan: the first virtual servers that come by a reload need
// what a start with them would; later ones have it.
func TestReloadAsksForAMachineThatCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lacks, asked := errors.New("the kernel has no IPVS"), 0
		s := perform(t, obedient(masterReport, 0, nil), configurable(upReport, make(chan string, 9), willing), func(d *Director) {
			d.Config.Services = nil
			d.Load = func() (*config.Config, config.Diagnostics) {
				c := testConfig()
				c.Services[0].Quorum = asked // another one each time
				return c, config.Diagnostics{}
			}
			d.Ready = func(*config.Config) error { asked++; return lacks }
		})
		synctest.Wait()
		if o, err := s.life.renew(t.Context(), "", true); err != nil || o.Applied || o.Refused != lacks.Error() {
			t.Errorf("outcome %+v, %v", o, err)
		}
		lacks = nil
		for range 2 {
			if o, err := s.life.renew(t.Context(), "", true); err != nil || !o.Applied {
				t.Errorf("outcome %+v, %v", o, err)
			}
		}
		if asked != 2 {
			t.Errorf("asked %d times", asked)
		}
		s.leave()
	})
}

// TestReloadOfADyingElection: a worker that dies of its new configuration gets the
// old one.
func TestReloadOfADyingElection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := perform(t, func(ctx context.Context, link end, life int) error {
			var c election.Command
			in := json.NewDecoder(link)
			in.Decode(&c)
			if life == 0 {
				in.Decode(&c)
				return context.Canceled
			}
			return obedient(masterReport, 0, nil)(ctx, link, life)
		}, obedient(upReport, 0, nil), func(d *Director) {
			d.Load = func() (*config.Config, config.Diagnostics) {
				c := testConfig()
				c.Instances[1].Priority = 90
				return c, config.Diagnostics{}
			}
		})
		synctest.Wait()
		if o, err := s.life.renew(t.Context(), "", true); err != nil || o.Applied || !strings.Contains(o.Refused, "died") {
			t.Errorf("outcome %+v, %v", o, err)
		}
		s.leave()
	})
}
