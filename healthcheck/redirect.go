package healthcheck

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRedirects is how many redirects of one probe are followed.
const maxRedirects = 10

// trail is what was asked, from the first request on.
type trail []string

func step(request *http.Request) string { return request.Method + " " + request.URL.RequestURI() }

// add goes on to a request, and fails where that leads nowhere.
func (t *trail) add(next *http.Request) error {
	at := step(next)
	switch {
	case slices.Contains(*t, at):
		return fmt.Errorf("redirected in a circle, to %q", clip(next.URL.RequestURI()))
	case len(*t) > maxRedirects:
		return errors.New("redirected more than 10 times")
	}
	*t = append(*t, at)
	return nil
}

// redirected is the request that an answer leads to, nil where it leads to none. The
// method changes as with a browser (RFC 9110, 15.4).
func (c *HTTP) redirected(request *http.Request, response *http.Response) (*http.Request, error) {
	method, body := request.Method, c.Body
	if request.ContentLength == 0 {
		body = ""
	}
	switch response.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	case http.StatusMovedPermanently, http.StatusFound:
		if method == http.MethodPost {
			method, body = http.MethodGet, ""
		}
	case http.StatusSeeOther:
		if method != http.MethodHead {
			method, body = http.MethodGet, ""
		}
	default:
		return nil, nil
	}
	location := response.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	to, err := request.URL.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("redirected to %q, which is no address", clip(location))
	}
	if to.Scheme != request.URL.Scheme || !c.isOurs(to) {
		return nil, fmt.Errorf("redirected away from the server, to %q", clip(location))
	}
	next, err := c.requestFor(method, to.RequestURI(), body)
	if err != nil {
		return nil, fmt.Errorf("redirected to %q: %s", clip(location), clip(err.Error()))
	}
	return next, nil
}

// isOurs tells whether a URL names the server that is checked, by its address or by the
// name that it was asked for.
func (c *HTTP) isOurs(to *url.URL) bool {
	where := hostPort(to.Host, to.Scheme)
	return where == hostPort(c.Target.String(), to.Scheme) || c.Host != "" && where == hostPort(c.Host, to.Scheme)
}

// hostPort is a host with its port, in one spelling.
func hostPort(host, scheme string) string {
	u := url.URL{Host: strings.ToLower(host)}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
