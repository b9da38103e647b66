package event

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

func render(t *testing.T, format string, e Event) string {
	t.Helper()
	var out bytes.Buffer
	core := newCore(&out, format, false, zap.NewAtomicLevelAt(zapcore.DebugLevel))
	if err := core.Write(entry(e), fields(nil, e)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLineHasFixedKeysAndOmitsEmptyFields(t *testing.T) {
	got := render(t, "json", Event{Seq: 7, Time: noon, Name: "vrrp.transition", Cluster: "shop", Director: "lb1",
		Instance: "web", From: "backup", To: "master", Reason: "timer"})
	want := `{"level":"info","ts":"2026-11-22T12:00:00.123456Z","msg":"virtual router changed state",` +
		`"event":"vrrp.transition","seq":7,"cluster":"shop","director":"lb1","instance":"web",` +
		`"from":"backup","to":"master","reason":"timer"}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestConsoleLine(t *testing.T) {
	got := render(t, "console", Event{Time: noon, Name: "daemon.started", Director: "lb1"})
	want := "2026-11-22T12:00:00.123456Z  info  daemon started  {\"event\": \"daemon.started\", \"director\": \"lb1\"}\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

// A field added to Event must reach the log under its JSON name: fill every
// field and compare the line with the event's own JSON.
func TestLineCarriesEveryField(t *testing.T) {
	var e Event
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("text")
		case reflect.Int:
			f.SetInt(int64(i + 1))
		case reflect.Uint64:
			f.SetUint(uint64(i + 1))
		case reflect.Float64:
			f.SetFloat(float64(i) + 0.5)
		}
	}
	e.Time = noon
	var want, got map[string]any
	own, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(own, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(render(t, "json", e)), &got); err != nil {
		t.Fatal(err)
	}
	delete(want, "time")
	for _, key := range []string{"ts", "level", "msg"} {
		delete(got, key)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-event +line):\n%s", diff)
	}
}

func TestEveryNameHasAConstantMessage(t *testing.T) {
	for name, k := range kinds {
		if k.message == "" || strings.ContainsAny(k.message, "%\n") {
			t.Errorf("%s: message %q", name, k.message)
		}
		if kindOf(name) != k {
			t.Errorf("%s: kindOf does not find it", name)
		}
	}
	if got := kindOf("no.such"); got.message != "no.such" || got.level != zapcore.InfoLevel {
		t.Errorf("unknown name: %+v", got)
	}
}
