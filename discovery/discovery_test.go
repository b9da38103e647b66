package discovery

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var any4 = Source{Kind: File, Name: "/x/web.json", IPv4: true, Port: true}

func TestFile(t *testing.T) {
	for text, want := range map[string]string{
		`[]`: "",
		`[{"address": "192.0.2.7:8080", "weight": 2}, {"address": "192.0.2.6"}]`: "192.0.2.6, 192.0.2.7:8080 with weight 2",
		``:                             "/x/web.json:1:1: a list of servers is needed",
		`{"address": "192.0.2.7"}`:     "/x/web.json:1:1: a list of servers is needed",
		"[\n  {\"address\": \"x\"}\n]": `/x/web.json:2:3: address "x" is not`,
		"[{\"address\": \"192.0.2.7\"},\n {\"adress\": \"192.0.2.8\"}]":  `/x/web.json:2:2: json: unknown field "adress"`,
		"[{\"address\": \"192.0.2.7\"},\n {\"address\": \"192.0.2.7\"}]": "/x/web.json:2:2: 192.0.2.7 is there twice",
		"[\n {\"address\": \"192.0.2.7\" \"weight\": 1}]":                "/x/web.json:2:26: invalid character",
		`[{"address": "192.0.2.7", "weight": 65536}]`:                    "/x/web.json:1:2: weight 65536 is not",
		`[{"address": "192.0.2.7"}`:                                      "the list does not end",
		`[{"address": "192.0.2.7"}] x`:                                   "/x/web.json:1:28: something follows the list",
		`[{"address": "2001:db8::7"}]`:                                   "of a family that the virtual server cannot reach",
		`[{"address": "224.0.0.1"}]`:                                     "is not an address that packets can be sent to",
		`[{"address": "0.0.0.0"}]`:                                       "is not an address that packets can be sent to",
		`[{"address": "fe80::1%eth0"}]`:                                  "is not an address that packets can be sent to",
		`[{"address": "192.0.2.7:0"}]`:                                   "has port 0",
		`[` + strings.Repeat(`{"address":"192.0.2.7"},`, 1):              "/x/web.json:1:26: EOF",
	} {
		a := parse(any4, []byte(text))
		var got []string
		for _, s := range a.Servers {
			got = append(got, s.String())
		}
		switch said := strings.Join(got, ", "); {
		case a.Err != nil && (want == "" || !strings.Contains(a.Err.Error(), want)), a.Err == nil && said != want:
			t.Errorf("%s: %v, %q; want %q", text, a.Err, said, want)
		}
	}
	dr := any4
	dr.Port = false
	if a := parse(dr, []byte(`[{"address": "192.0.2.7:80"}]`)); a.Err == nil || !strings.Contains(a.Err.Error(), "has a port") {
		t.Errorf("a port with forwarding dr: %v", a.Err)
	}
}

// The time to live decides when a name is asked again; failures do it less and less
// often, and an answer of no time not more than once a second.
func TestWatcherHonoursTheTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		bad := Answer{Err: errors.New("SERVFAIL")}
		script := []Answer{{TTL: 30 * time.Second}, {TTL: 0}, bad, bad, bad, bad, bad, bad, bad, {TTL: 48 * time.Hour}, {TTL: time.Minute}}
		start, asked := time.Now(), []int{}
		w := NewWatcher()
		w.Resolve = func(context.Context, Source) Answer {
			asked = append(asked, int(time.Since(start).Seconds()))
			start = time.Now()
			return script[len(asked)-1]
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.Run(ctx, Source{Kind: DNS, Name: "x"}, func(Answer) {
				if len(asked) == len(script) {
					cancel()
				}
			})
		}()
		<-ended
		for i, want := range []int{0, 30, 1, 2, 4, 8, 16, 32, 60, 60, 3600} {
			if asked[i] != want {
				t.Fatalf("seconds between the questions: %v", asked)
			}
		}
	})
}

// A file is read anew when it was replaced by a rename, and when it was written.
func TestWatcherSeesARename(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.json")
	answers := make(chan Answer)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		NewWatcher().Run(ctx, Source{Kind: File, Name: path, IPv4: true}, func(a Answer) {
			select {
			case answers <- a:
			case <-ctx.Done():
			}
		})
	}()
	defer func() { cancel(); <-ended }()
	until := func(address string) {
		t.Helper()
		for {
			select {
			case a := <-answers:
				if len(a.Servers) == 1 && a.Servers[0].String() == address || address == "" && a.Err != nil {
					return
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s was not seen", address)
			}
		}
	}
	until("") // there is no file
	if err := os.WriteFile(path+".new", []byte(`[{"address": "192.0.2.7"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	until("192.0.2.7")
	if err := os.WriteFile(path, []byte(`[{"address": "192.0.2.8"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	until("192.0.2.8")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	until("")
}
