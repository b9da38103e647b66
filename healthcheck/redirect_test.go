package healthcheck

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestRedirects(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.URL.RequestURI()+" "+string(body))
		var status, left int
		switch step := strings.Trim(r.URL.Path, "/"); {
		case step == "end":
		case step == "bad":
			w.WriteHeader(http.StatusTeapot)
		case step == "circle":
			http.Redirect(w, r, "/circle2", http.StatusFound)
		case step == "circle2":
			http.Redirect(w, r, "/circle", http.StatusFound)
		case step == "nowhere":
			w.WriteHeader(http.StatusFound)
		case step == "away":
			w.Header().Set("Location", r.URL.Query().Get("to"))
			w.WriteHeader(http.StatusFound)
		case step == "name":
			w.Header().Set("Location", "http://WWW.example.net/end")
			w.WriteHeader(http.StatusFound)
		default:
			fmt.Sscanf(step, "%d-%d", &status, &left)
			to := "/end"
			if left > 1 {
				to = fmt.Sprintf("%d-%d", status, left-1)
			}
			w.Header().Set("Location", to)
			w.WriteHeader(status)
		}
	}))
	defer server.Close()
	target := netip.MustParseAddrPort(server.Listener.Addr().String())
	other := netip.AddrPortFrom(target.Addr(), target.Port()+1)
	for _, tt := range []struct {
		method, path, host, want string
		last                     string // request
		requests                 int
	}{
		{"GET", "/end", "", "", "GET /end x", 1},
		{"GET", "/302-1", "", "", "GET /end x", 2},
		{"POST", "/302-1", "", "", "GET /end ", 2},
		{"POST", "/301-2", "", "", "GET /end ", 3},
		{"POST", "/303-1", "", "", "GET /end ", 2},
		{"POST", "/307-2", "", "", "POST /end x", 3},
		{"PUT", "/308-1", "", "", "PUT /end x", 2},
		{"HEAD", "/303-1", "", "", "HEAD /end x", 2},
		{"GET", "/302-10", "", "", "GET /end x", 11},
		{"GET", "/302-11", "", "redirected more than 10 times", "GET /302-1 x", 11},
		{"GET", "/circle", "", `redirected in a circle, to "/circle"`, "GET /circle2 x", 2},
		{"GET", "/304-1", "", "", "GET /304-1 x", 1},
		{"GET", "/nowhere", "", "", "GET /nowhere x", 1},
		{"GET", "/away?to=/bad", "", "status 418", "GET /bad x", 2},
		{"GET", "/away?to=http://" + target.String() + "/end", "", "", "GET /end x", 2},
		{"GET", "/away?to=//" + other.String() + "/end", "", fmt.Sprintf(`redirected away from the server, to "//%s/end"`, other), "", 1},
		{"GET", "/away?to=https://" + target.String() + "/end", "", fmt.Sprintf(`redirected away from the server, to "https://%s/end"`, target), "", 1},
		{"GET", "/away?to=http://192.0.2.1/end", "", `redirected away from the server, to "http://192.0.2.1/end"`, "", 1},
		{"GET", "/away?to=mailto:x@y", "", `redirected away from the server, to "mailto:x@y"`, "", 1},
		{"GET", "/away?to=http://%25zz/", "", `redirected to "http://%zz/", which is no address`, "", 1},
		{"GET", "/name", "www.example.net", "", "GET /end x", 2},
		{"GET", "/name", "api.example.net", `redirected away from the server, to "http://WWW.example.net/end"`, "", 1},
	} {
		t.Run(tt.method+tt.path+tt.host, func(t *testing.T) {
			asked = nil
			check := &HTTP{Target: target, Method: tt.method, Path: tt.path, Host: tt.host, Body: "x", Follow: true}
			verify(t, check.Check(t.Context()), tt.want)
			if tt.last == "" {
				tt.last = "GET " + tt.path + " x"
			}
			if len(asked) != tt.requests || !slices.Contains(asked[len(asked)-1:], tt.last) {
				t.Errorf("asked %d times, at last %q; want %d and %q", len(asked), asked, tt.requests, tt.last)
			}
		})
	}
}
