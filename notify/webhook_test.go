package notify

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hald-project/hald/event"
)

var lost = event.Event{Seq: 7, Time: noon, Name: "quorum.lost", Cluster: "shop", Director: "lb1", Service: "web"}

// server is a web server with TLS and the file of its authority.
func server(t *testing.T, answer http.HandlerFunc) (url, ca string) {
	t.Helper()
	s := httptest.NewTLSServer(answer)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // that clients do not trust it is what is tried
	t.Cleanup(s.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return s.URL, ca
}

func TestPost(t *testing.T) {
	type request struct {
		*http.Request
		body []byte
	}
	requests := make(chan request, 1)
	url, ca := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- request{r, body}
		w.WriteHeader(http.StatusAccepted)
	})
	p := newPoster(Webhook{URL: url + "/hook?team=ops", CA: ca, Secret: "0123456789abcdef", Headers: map[string]string{"Authorization": "Bearer token"}})
	if err := p.send(t.Context(), []event.Event{lost}); err != nil {
		t.Fatal(err)
	}
	got := <-requests
	body := got.body
	var e event.Event
	if err := json.Unmarshal(body, &e); err != nil || e != lost {
		t.Errorf("posted %s: %v", body, err)
	}
	h := got.Header
	if got.Method != "POST" || got.RequestURI != "/hook?team=ops" || h.Get("Authorization") != "Bearer token" || h.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s %v", got.Method, got.RequestURI, h)
	}
	if want := Signature("0123456789abcdef", h.Get(timestampHeader), body); h.Get(signatureHeader) != want {
		t.Errorf("signature %q, want %q", h.Get(signatureHeader), want)
	}
	if h.Get(deliveryHeader) != "lb1-1795867200000000000-7" {
		t.Errorf("delivery %q", h.Get(deliveryHeader))
	}
}

// The signature is what `openssl dgst -sha256 -hmac` says of the same octets.
func TestSignature(t *testing.T) {
	const want = "sha256=3869506a014cc21b448e942884b89f547f76d722926e326c9b395e4045aed31e"
	if got := Signature("0123456789abcdef", "1795867200", []byte(`{"event":"quorum.lost"}`)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		code     int
		after    string
		wait     time.Duration
		hopeless bool
	}{
		{500, "", 0, false}, {503, "120", 2 * time.Minute, false}, {429, "Sat, 28 Nov 2026 12:00:30 GMT", 30 * time.Second, false}, {503, "soon", 0, false}, {408, "", 0, false},
		{301, "", 0, true}, {400, "", 0, true}, {404, "10", 0, true}, {401, "", 0, true},
	} {
		answer := &http.Response{StatusCode: tt.code, Header: http.Header{"Retry-After": {tt.after}}}
		if f := about(verdict(answer, "", noon)); f.error == nil || f.wait != tt.wait || f.hopeless != tt.hopeless {
			t.Errorf("%d %s: %+v", tt.code, tt.after, f)
		}
	}
	if err := verdict(&http.Response{StatusCode: 204}, "", noon); err != nil {
		t.Error(err)
	}
}

// A server that is not who it says is told nothing; one that does not answer costs
// the timeout; what is wrong says what, and no secret.
func TestPostThatFails(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	url, ca := server(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/hangs" {
			io.Copy(io.Discard, r.Body) // or the server does not see the client go
			<-r.Context().Done()
			return
		}
		http.Error(w, "no such hook\n"+r.RequestURI+" "+r.Header.Get("Authorization"), http.StatusNotFound)
	})
	secret := map[string]string{"Authorization": "Bearer s3cr3t"}
	for _, tt := range []struct {
		hook  Webhook
		asked int32
		want  string
	}{
		{Webhook{URL: url + "/s3cr3t", CA: ca, Headers: secret}, 1, "answered 404 Not Found: no such hook (hidden) (hidden)"},
		{Webhook{URL: url + "/s3cr3t", Headers: secret}, 0, "certificate"},
		{Webhook{URL: strings.Replace(url, "127.0.0.1", "localhost", 1) + "/s3cr3t", CA: ca, Headers: secret}, 0, "certificate"},
		{Webhook{URL: "https://127.0.0.1:1/s3cr3t", CA: ca}, 0, "connection refused"},
		{Webhook{URL: url + "/hangs", CA: ca}, 1, "timeout"},
		{Webhook{URL: url, CA: "/nowhere/ca.pem"}, 0, "no such file"},
	} {
		asked.Store(0)
		patience := 30 * time.Second
		if tt.want == "timeout" {
			patience = 3 * time.Second // enough to be heard, on a busy machine too
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := newPoster(tt.hook).send(ctx, []event.Event{lost})
		cancel()
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cr3t") || asked.Load() != tt.asked {
			t.Errorf("%s: %v, asked %d times", tt.want, err, asked.Load())
		}
		if f := about(err); f.hopeless != strings.Contains(tt.want, "404") {
			t.Errorf("%s: hopeless %t", tt.want, f.hopeless)
		}
	}
	if f := about(errors.New("any")); f.hopeless || f.wait != 0 {
		t.Errorf("an error that says nothing: %+v", f)
	}
}

// A redirect is not followed: the event goes to one address alone.
func TestNoRedirects(t *testing.T) {
	var reached atomic.Bool
	url, ca := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			reached.Store(true)
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	if err := newPoster(Webhook{URL: url, CA: ca}).send(t.Context(), []event.Event{lost}); err == nil || reached.Load() {
		t.Errorf("error %v, reached %t", err, reached.Load())
	}
}
