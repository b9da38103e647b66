package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hald-project/hald/event"
)

// Webhook is a web server that events are posted to, one by one, in JSON.
type Webhook struct {
	URL     string // http or https
	Headers map[string]string
	Secret  string // signs what is posted; empty: no signature
	CA      string // path of the authorities that are believed; empty: the system's
}

// The headers of a signed request.
const (
	timestampHeader = "X-Hald-Timestamp" // seconds since 1970
	signatureHeader = "X-Hald-Signature"
	deliveryHeader  = "X-Hald-Delivery" // the same in every attempt to tell of an event, and in no other
)

// poster is it at work.
type poster struct {
	Webhook
	client *http.Client
	broken error // the authorities cannot be read
}

// newPoster makes one. Redirects are not followed: what is signed is meant for one
// address. Proxies are those of the environment (HTTPS_PROXY).
func newPoster(w Webhook) *poster {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	p := &poster{Webhook: w}
	if w.CA != "" {
		trust.RootCAs, p.broken = authorities(w.CA)
	}
	p.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: trust, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p
}

// authorities reads a file of certificates.
func authorities(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no PEM certificate in it", path)
	}
	return pool, nil
}

func (p *poster) send(ctx context.Context, events []event.Event) error {
	for _, e := range events {
		if err := p.post(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// post posts one event. Nothing of the URL gets into an error: it may be a secret.
func (p *poster) post(ctx context.Context, e event.Event) error {
	if p.broken != nil {
		return p.broken
	}
	body, err := json.Marshal(e)
	if err != nil {
		return hopeless(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(body))
	if err != nil {
		return hopeless(errors.New("the url cannot be used"))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "hald")
	request.Header.Set(deliveryHeader, fmt.Sprintf("%s-%d-%d", e.Director, e.Time.UnixNano(), e.Seq))
	for name, value := range p.Headers {
		request.Header.Set(name, value)
	}
	if p.Secret != "" {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		request.Header.Set(timestampHeader, at)
		request.Header.Set(signatureHeader, Signature(p.Secret, at, body))
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxSaid))
	return verdict(answer, p.harmless(said), time.Now())
}

// harmless is what a server said, without the secrets that it may have got from us.
func (p *poster) harmless(said []byte) string {
	line := inLine(string(said))
	for _, value := range p.Headers {
		line = strings.ReplaceAll(line, value, "(hidden)")
	}
	if u, err := url.Parse(p.URL); err == nil && len(u.RequestURI()) > 1 {
		line = strings.ReplaceAll(line, u.RequestURI(), "(hidden)")
	}
	return line
}

// Signature is what the header X-Hald-Signature has to be: HMAC-SHA256 over the
// timestamp, a point and the body.
func Signature(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, timestamp+".")
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// verdict is what an answer says: whether the event was taken and, if not, whether it
// makes sense to try again.
func verdict(answer *http.Response, said string, now time.Time) error {
	if answer.StatusCode/100 == 2 {
		return nil
	}
	what := "answered " + strconv.Itoa(answer.StatusCode) + " " + http.StatusText(answer.StatusCode)
	if said != "" {
		what += ": " + said
	}
	f := failure{error: errors.New(what)}
	switch code := answer.StatusCode; {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		f.wait = retryAfter(answer.Header.Get("Retry-After"), now)
	default:
		f.hopeless = true
	}
	return f
}

// retryAfter reads a Retry-After (RFC 9110, 10.2.3): seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// withoutURL is a client's error without the URL that net/http puts in front.
func withoutURL(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	if u.Timeout() {
		return errors.New("timeout")
	}
	return u.Err
}
