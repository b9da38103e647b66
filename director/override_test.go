package director

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/balancer"
)

// listening is a balancer that passes on what it is told.
func listening(told chan<- balancer.Command) func(ctx context.Context, link end, _ int) error {
	return func(_ context.Context, link end, _ int) error {
		in := json.NewDecoder(link)
		for {
			var c balancer.Command
			if in.Decode(&c) != nil {
				return nil
			}
			told <- c
		}
	}
}

func TestOverrides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan balancer.Command, 8)
		s := perform(t, obedient(upReport, 0, nil), listening(told))
		synctest.Wait()
		if c := <-told; c.Configure == nil || len(c.Configure.Overrides) != 0 {
			t.Fatalf("told %+v first", c)
		}
		services := s.life.now().config.Services
		service, server := services[0].Name, services[0].Servers[0].Name
		order := func(name string, o OverrideOrder) error {
			body, _ := json.Marshal(o)
			err := s.life.orderly()[name](t.Context(), "uid 0, pid 1", body)
			synctest.Wait()
			return err
		}
		if err := order("weight", OverrideOrder{Service: service, Server: server, Weight: 7}); err != nil {
			t.Fatal(err)
		}
		if c := <-told; c.Overrides == nil || len(c.Overrides.InForce) != 1 || *c.Overrides.InForce[0].Weight != 7 || c.Overrides.InForce[0].By != "uid 0, pid 1" {
			t.Errorf("told %+v", c.Overrides)
		}
		// The next one for the same server takes its place, and ends by itself.
		if err := order("drain", OverrideOrder{Service: service, Server: server, For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		if c := <-told; len(c.Overrides.InForce) != 1 || !c.Overrides.InForce[0].Drain || !c.Overrides.InForce[0].Until.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("told %+v", c.Overrides)
		}
		if d := document(t, s); len(d.Overrides) != 1 || !d.Kept {
			t.Errorf("status: %+v, kept %v", d.Overrides, d.Kept)
		}
		var onDisk []balancer.Override
		if text, err := os.ReadFile(s.life.overrides.keeper.path); err != nil || json.Unmarshal(text, &onDisk) != nil || len(onDisk) != 1 {
			t.Errorf("on the disk: %s, %v", text, err)
		}
		time.Sleep(time.Minute)
		if d := document(t, s); len(d.Overrides) != 0 {
			t.Errorf("when it is over: %+v", d.Overrides)
		}
		for name, o := range map[string]OverrideOrder{
			"drain":  {Service: "nosuch", Server: server},
			"enable": {Service: service, Server: "nosuch"},
			"weight": {Service: service, Server: server, Weight: 65536},
		} {
			if err := order(name, o); err == nil {
				t.Errorf("%s %+v was obeyed", name, o)
			}
		}
		if e := s.events("daemon.order"); len(e) != 2 || e[0].Reason != "weight "+service+" "+server+" 7" || e[1].Reason != "drain "+service+" "+server+" for 1m0s" {
			t.Errorf("logged %+v", e)
		}
		s.leave()
	})
}

// TestOverridesAreRecalled: the next life begins with what the last one was ordered,
// and with nothing when that cannot be read.
func TestOverridesAreRecalled(t *testing.T) {
	weight := 3
	kept := []balancer.Override{
		{Service: "s", Server: "a", Weight: &weight},
		{Service: "s", Server: "b", Drain: true, Until: time.Now().Add(-time.Second)},
	}
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]int{string(text): 1, "{": 0} {
		path := overridesFile(t.TempDir())
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := loadOverrides(path)
		if len(unended(all, time.Now())) != want || (err == nil) != (want == 1) {
			t.Errorf("%s: %+v, %v", content, all, err)
		}
	}
}
