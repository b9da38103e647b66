package admin

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// document is the whole page: markup, style and script in one file.
//
//go:embed page.html
var document []byte

// policy lets a browser run the page's own script and style and nothing else, and
// ask this daemon alone.
var policy = "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" +
	"; script-src " + hashOf(document, "script") + "; style-src " + hashOf(document, "style")

// hashOf is the source expression of the one element of its kind in a page (CSP
// level 3, 2.3.1).
func hashOf(page []byte, element string) string {
	_, rest, _ := bytes.Cut(page, []byte("<"+element+">"))
	text, _, found := bytes.Cut(rest, []byte("</"+element+">"))
	if !found {
		panic("the page has no " + element)
	}
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// handler answers whoever means us.
func (p *Page) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		w.Write(document)
	})
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, r *http.Request) {
		text, err := p.status.get(r.Context())
		answerText(w, text, err)
	})
	mux.HandleFunc("GET /vrrp.json", func(w http.ResponseWriter, r *http.Request) {
		positions, err := p.Positions(r.Context())
		if err != nil {
			answerText(w, nil, err)
			return
		}
		text, err := json.Marshal(positions)
		answerText(w, text, err)
	})
	mux.HandleFunc("GET /peer.json", func(w http.ResponseWriter, r *http.Request) {
		text, err := p.peer.get(r.Context())
		answerText(w, text, err)
	})
	mux.HandleFunc("GET /events", p.stream)
	mux.Handle("GET /metrics", p.Metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), aliveness)
		defer cancel()
		verdict(w, p.Alive(ctx))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), aliveness)
		defer cancel()
		verdict(w, p.Ready(ctx))
	})
	return http.MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			w.Header().Set(name, value)
		}
		if !p.now.Load().known(r.Host) {
			http.Error(w, fmt.Sprintf("this daemon is not known as %q: call it by its address, or add the name to http_names in the admin block", r.Host), http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	}), maxRequest)
}

// verdict answers a question of health in one line.
func verdict(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintln(w, "ok")
}

// answerText writes a text in JSON, or err as a plain message.
func answerText(w http.ResponseWriter, text []byte, err error) {
	if err != nil {
		http.Error(w, fmt.Sprintf("the daemon cannot answer: %v", err), http.StatusServiceUnavailable)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(pageLimit))
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(text[:len(text):len(text)], '\n'))
}
