package integration

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// alerts tell the client of what matters, by a webhook and, logged in, by mail; "deaf" tells nobody.
const alerts = `
notify "pager" {
  events = ["vrrp.transition", "real_server.*", "notify.failed"]
  webhook {
    url    = "http://192.0.2.5:8080/hook"
    secret = "0123456789abcdef"
  }
}
notify "mail" {
  events = ["vrrp.transition", "real_server.down"]
  smtp {
    server   = "192.0.2.5:25"
    from     = "hald@example.net"
    to       = ["ops@example.net"]
    username = %q
    password = file(%q)
    ca       = %q
    collect  = "1s"
  }
}
notify "deaf" {
  events  = ["real_server.down"]
  give_up = "0s"
  webhook { url = "http://192.0.2.5:9/" }
}
`

// alert is an event as the webhook gets it, without what is of one moment.
type alert struct {
	Event, Director, Instance, Service, Server, From, To, Reason, Notifier string

	Count int
}

// hook is who the webhook tells.
type hook struct {
	mu         sync.Mutex
	events     []alert
	deliveries map[string]bool
	wrong      []string
}

// ServeHTTP believes who signs as docs/alerting.md says.
func (h *hook) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	mac := hmac.New(sha256.New, []byte("0123456789abcdef"))
	fmt.Fprintf(mac, "%s.%s", r.Header.Get("X-Hald-Timestamp"), body)
	signature, delivery := "sha256="+hex.EncodeToString(mac.Sum(nil)), r.Header.Get("X-Hald-Delivery")
	h.mu.Lock()
	defer h.mu.Unlock()
	var e alert
	if err := json.Unmarshal(body, &e); err != nil || r.Method != "POST" || r.URL.Path != "/hook" || r.Header.Get("X-Hald-Signature") != signature || h.deliveries[delivery] {
		h.wrong = append(h.wrong, fmt.Sprintf("%s %s %v %s: %v", r.Method, r.URL, r.Header, body, err))
	}
	h.deliveries[delivery] = true
	h.events = append(h.events, e)
}

// of are the events of a director that it was told of, and have the instance or none.
func (h *hook) of(director, instance string) (list []alert) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e.Director == director && e.Instance == instance {
			list = append(list, e)
		}
	}
	return list
}

// TestAlertsArrive: a real server's death and a failover come to who is told by a webhook, signed,
// and by mail, once each and in order, though neither was there in the beginning; that a third
// one cannot be told is told too.
func TestAlertsArrive(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	mail, pager := l.MailServer(), &hook{deliveries: map[string]bool{}}
	config := configuration(t, l, lab.Cluster{Interval: 300 * time.Millisecond, Services: lab.EachMethod, Check: patient})
	password := l.WriteFile("mail.password", lab.MailPassword+"\n")
	config = l.WriteFile("alerts.hcl", config+fmt.Sprintf(alerts, lab.MailUser, password, mail.Authority))
	lb1, lb2 := l.HaldWith("lb1", config), l.HaldWith("lb2", config)
	lb1.Start()
	l.AwaitMaster("lb1", settle)
	lb2.Start()
	l.Eventually(settle, "nobody can be told", func() bool {
		waiting := notifiersOf(t, lb2)
		return len(waiting) == 3 && !slices.ContainsFunc(waiting[:2], func(n notifier) bool { return n.Queue == 0 || !strings.Contains(n.LastError, "connection refused") })
	})
	l.Serve("client", 8080, pager)
	mail.Start()
	for _, name := range lab.Directors {
		hasServers(l, name)
	}
	allTold := func(h *lab.Hald) func() bool {
		return func() bool {
			list := notifiersOf(t, h)
			return len(list) == 3 && !slices.ContainsFunc(list, func(n notifier) bool { return n.Queue > 0 || n.Name != "deaf" && n.Told == 0 })
		}
	}
	l.Eventually(settle, "lb1 told what waited", allTold(lb1))
	l.Eventually(settle, "lb2 told what waited", allTold(lb2))

	l.Server("web1").Kill()
	lost := alert{Event: "notify.failed", Reason: "real_server.down", Notifier: "deaf", Service: "dr", Count: 1}
	for _, name := range lab.Directors {
		lost.Director = name
		l.Eventually(settle, "told of the real server, and that nobody else was, by "+name, func() bool { return slices.Contains(pager.of(name, ""), lost) })
	}
	letters := func(director, line string) (n int) {
		for _, letter := range mail.Letters() {
			if strings.HasPrefix(letter.Subject, "[lab/"+director+"] ") {
				n += strings.Count(letter.Text, line)
			}
		}
		return n
	}
	const died, moved = "real server is down: dr web1", "virtual router changed state: lab backup -> master (master_silent)"
	for _, name := range lab.Directors {
		l.Eventually(settle, "the letter of the real server by "+name, func() bool { return letters(name, died) > 0 })
	}
	lb1.Kill()
	taken := alert{Event: "vrrp.transition", Director: "lb2", Instance: "lab", From: "backup", To: "master", Reason: "master_silent"}
	l.Eventually(settle, "told of the failover", func() bool { return slices.Contains(pager.of("lb2", "lab"), taken) })
	l.Eventually(settle, "the letter of the failover", func() bool { return letters("lb2", moved) > 0 })
	l.Eventually(settle, "nothing is left to tell", allTold(lb2))
	if a, b, c := letters("lb1", died), letters("lb2", died), letters("lb2", moved); a != 1 || b != 1 || c != 1 {
		t.Errorf("letters tell of web1 %d times for lb1 and %d for lb2, of the failover %d times:\n%+v", a, b, c, mail.Letters())
	}
	for _, instance := range []string{"lab", ""} {
		var want []alert
		for _, e := range lb2.Events() {
			var w alert
			json.Unmarshal([]byte(e.Line), &w)
			if e.Instance == instance && (e.Name == "vrrp.transition" || e.Name == "notify.failed" || strings.HasPrefix(e.Name, "real_server.")) {
				want = append(want, w)
			}
		}
		if got := pager.of("lb2", instance); !slices.Equal(got, want) {
			t.Errorf("lb2 told, instance %q:\n%+v\nand its log has\n%+v", instance, got, want)
		}
	}
	if len(pager.wrong) > 0 {
		t.Errorf("not as they should be: %q", pager.wrong)
	}
}

// notifier is one in the status of a daemon, which may not answer yet.
type notifier struct {
	Name      string
	Queue     int
	Told      int
	LastError string `json:"last_error"`
}

func notifiersOf(t *testing.T, h *lab.Hald) []notifier {
	t.Helper()
	var d struct{ Notifiers []notifier }
	out, status := h.Command("status", "-o", "json")
	if err := json.Unmarshal([]byte(out), &d); status == 0 && err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return d.Notifiers
}
