package healthcheck

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

// weighing are answers of status 200 and what they say of the weight, in the header X-Load
// and in the body.
var weighing = []struct {
	loads        []string
	body         string
	header, text Reading
}{
	{[]string{"50"}, "7", found(50), found(7)},
	{[]string{" 65535 "}, " 0\r\n", found(65535), found(0)},
	{nil, "", Reading{Wrong: "the answer has no header x-load"}, Reading{Wrong: `body: "" is not a number from 0 to 65535`}},
	{[]string{"1", "2"}, "7 or 8", Reading{Wrong: "the answer has 2 headers x-load"}, Reading{Wrong: `body: "7 or 8" is not a number from 0 to 65535`}},
	{[]string{"65536"}, "1.5", Reading{Wrong: `header x-load: "65536" is not a number from 0 to 65535`}, Reading{Wrong: `body: "1.5" is not a number from 0 to 65535`}},
	{[]string{"-1"}, "+1", Reading{Wrong: `header x-load: "-1" is not a number from 0 to 65535`}, Reading{Wrong: `body: "+1" is not a number from 0 to 65535`}},
}

// A passing answer says a weight, or why it does not; the loop and a monitor's goroutine read
// the same.
func TestHTTPWeights(t *testing.T) {
	at := make(chan int, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := <-at
		at <- i
		w.Header()["X-Load"] = weighing[i].loads
		w.Write([]byte(weighing[i].body))
	}))
	defer server.Close()
	target := netip.MustParseAddrPort(server.Listener.Addr().String())
	for i, tt := range weighing {
		at <- i
		for want, check := range map[Reading]*HTTP{
			tt.header: {Target: target, WeightHeader: "x-load"},
			tt.text:   {Target: target, WeightBody: true},
			{}:        {Target: target},
		} {
			if got, err := check.Measure(t.Context()); got != want || err != nil {
				t.Errorf("%q, %q: read %+v (%v), want %+v", tt.loads, tt.body, got, err, want)
			}
			p := startLoop(t)
			p.add(check, time.Hour, 10*time.Second)
			if r := p.next().Result; r.Reading != want || r.Err != nil {
				t.Errorf("%q, %q: the loop read %+v (%v), want %+v", tt.loads, tt.body, r.Reading, r.Err, want)
			}
		}
		<-at
	}
}

// An answer that does not pass says no weight; another weight is news, the same one is none.
func TestLoopReportsWeights(t *testing.T) {
	type answer struct {
		status int
		load   string
	}
	answers := make(chan answer, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, more := <-answers
		if !more {
			return
		}
		w.Header().Set("X-Load", a.load)
		w.WriteHeader(a.status)
	}))
	defer server.Close()
	defer close(answers)
	for _, a := range []answer{{200, "5"}, {200, "5"}, {200, "6"}, {503, "9"}, {200, "6"}, {200, "soon"}} {
		answers <- a
	}
	p := startLoop(t)
	p.add(&HTTP{Target: netip.MustParseAddrPort(server.Listener.Addr().String()), WeightHeader: "X-Load"}, 20*time.Millisecond, 10*time.Second)
	for i, want := range []Reading{found(5), found(6), {}, found(6), {Wrong: `header X-Load: "soon" is not a number from 0 to 65535`}} {
		if r := p.next().Result; r.Reading != want || (r.Err != nil) != (i == 2) {
			t.Errorf("news %d: read %+v (%v), want %+v", i, r.Reading, r.Err, want)
		}
	}
}
