package integration

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// TestKeyRotation: the key that signs the adverts of a pair is changed in the three steps of
// docs/authentication.md, on one director after the other. No advert is left out or
// refused, and nobody notices; and to leave a step out is refused.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	const interval = 300 * time.Millisecond
	l := lab.New(t)
	c := lab.Cluster{Interval: interval, Key: labKey, Services: lab.EachMethod, Check: patient}
	text := configuration(t, l, c)
	first := "  authentication {\n    type = \"hmac-sha256\"\n    key  = \"" + labKey + "\"\n  }\n"
	second := "  authentication {\n    type = \"hmac-sha256\"\n    id   = 2\n    key  = \"another " + labKey + "\"\n  }\n"
	paths := map[string]string{"lb1": l.WriteFile("lb1.hcl", text), "lb2": l.WriteFile("lb2.hcl", text)}
	lb1, lb2 := l.HaldWith("lb1", paths["lb1"]), l.HaldWith("lb2", paths["lb2"])
	client := inOffice(l, lb1, lb2)
	capture, owners := l.Capture(), l.WatchOwners(lab.VIP)
	start := time.Now()
	write := func(h *lab.Hald, keys string) {
		if err := os.WriteFile(paths[h.Name()], []byte(strings.Replace(text, first, keys, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range []*lab.Hald{lb1, lb2} {
		write(h, second)
		if out, status := h.Command("reload"); status != 1 || !strings.Contains(out, "deaf to each other") {
			t.Errorf("%s, with another key: exit status %d:\n%s", h.Name(), status, out)
		}
	}
	for _, step := range []struct{ keys, says string }{
		{first + second, "authentication (id 1) -> (id 1, id 2)"},
		{second + first, "authentication (id 1, id 2) -> (id 2, id 1)"},
		{second, "authentication (id 2, id 1) -> (id 2)"},
	} {
		for _, h := range []*lab.Hald{lb2, lb1} {
			write(h, step.keys)
			planned, status := h.Command("plan")
			if status != 3 || strings.Contains(planned, "interrupts service:") || !strings.Contains(planned, step.says) {
				t.Errorf("%s, plan: exit status %d, want 3 and %q:\n%s", h.Name(), status, step.says, planned)
			}
			if out, status := h.Command("reload"); status != 0 || !strings.Contains(out, planned) {
				t.Errorf("%s, reload: exit status %d:\n%s", h.Name(), status, out)
			}
			heard := time.Now()
			l.Eventually(settle, "two more adverts", func() bool { return len(capture.Adverts("lb1", heard)) >= 2 })
		}
	}
	end := time.Now()
	adverts := between(l, capture, start, end)
	punctual(t, adverts, interval, end.Sub(start))
	var ids []byte // of the keys that signed, in order
	for _, a := range adverts {
		ids = append(ids, a.Bytes[len(a.Bytes)-27]) // the trailer has 28 bytes, and the id is the second
	}
	if got := slices.Compact(ids); !slices.Equal(got, []byte{1, 2}) {
		t.Errorf("signed by the keys %v, want 1, then 2", got)
	}
	if history := owners.Ownership().Since(start); history.Transfers() > 0 || history.None(end) > 0 || len(capture.Adverts("lb2", start)) > 0 {
		t.Errorf("the address moved: %v", history)
	}
	undisturbed(t, client.Stop().Since(start))
	time.Sleep(time.Second) // status is as old as that
	for _, h := range []*lab.Hald{lb1, lb2} {
		if in := documentOf(t, h).Instances[0]; in.AdvertsDiscarded > 0 || in.Since.After(start) {
			t.Errorf("%s: %+v", h.Name(), in)
		}
		for _, e := range h.Events() {
			if e.Name == "vrrp.late" { // the machine stood still; punctual knows by how much it may
				continue
			}
			if e.Read.After(start) && (strings.HasPrefix(e.Name, "vrrp.") || strings.HasPrefix(e.Name, "address.")) {
				t.Errorf("%s: %s", h.Name(), e.Line)
			}
		}
	}
	if strings.Contains(logOf(t, l, "lb1")+logOf(t, l, "lb2"), labKey) {
		t.Error("a key is in the log")
	}
}
