package balancer

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hald-project/hald/healthcheck"
	"github.com/hald-project/hald/ipvsctl/ipvstest"
)

// Every attribute of a check reaches the probe.
func TestNewChecker(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "PUT" || r.URL.Path != "/up" || r.Host != "www.example.net" || r.Header.Get("X-A") != "b" || r.ContentLength != 4 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("ready"))
	}))
	defer server.Close()
	target := netip.MustParseAddrPort(server.Listener.Addr().String())
	full := Check{Kind: "http", Target: target, Method: "PUT", Path: "/up", Host: "www.example.net", Headers: map[string]string{"X-A": "b"},
		Body: "ping", Status: [][2]int{{418, 418}}, Expect: "^ready$"}
	wrongStatus, wrongBody := full, full
	wrongStatus.Status = [][2]int{{200, 299}}
	wrongBody.Expect = "steady"
	tests := []struct {
		name  string
		check Check
		want  string
	}{
		{"tcp", Check{Kind: "tcp", Target: target}, ""},
		{"http", full, ""},
		{"http status", wrongStatus, "status 418"},
		{"http expect", wrongBody, `body does not match "steady"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checker, err := newChecker(tt.check)
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			if err := checker.Check(t.Context()); err != nil {
				text = err.Error()
			}
			if text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
		})
	}
	for _, bad := range []Check{{Kind: "telepathy"}, {Kind: "http", Expect: "("}} {
		if _, err := newChecker(bad); err == nil {
			t.Errorf("%+v was built", bad)
		}
	}
}

// A verdict that changes nothing in the table is no wish: the reconciler would
// take what a stranger changed meanwhile for our own doing.
func TestPoolWishesOnlyForWhatChanged(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.begin(func(s *Service) { s.Servers[0].Checks = []Check{checkOf("a"), checkOf("c")} })
		b.set(errRefused, "a")
		b.pass(6 * time.Second)
		b.expect("b=1")
		reads := 0 // by the reconciler's goroutine alone, looked at when it rests
		b.table.Fail(ipvstest.Faults{Wait: func(what string) {
			if what == "read" {
				reads++
			}
		}})
		b.set(errRefused, "c")
		b.pass(6 * time.Second)
		if reads != 2 {
			t.Errorf("%d looks at the table in 6 s, want one each 3 s", reads)
		}
	})
}

// After a step that took long, verdicts gather for a while; they are not
// forgotten.
func TestPoolRestsAfterAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := &pool{rested: start.Add(time.Second), verdicts: time.NewTimer(time.Hour)}
		for range 3 {
			p.gather(outcome{&watch{}, healthcheck.Result{Verdict: healthcheck.Up, Changed: true}})
			time.Sleep(100 * time.Millisecond)
		}
		<-p.verdicts.C
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("the next step came after %v, want 1s", waited)
		}
	})
}
