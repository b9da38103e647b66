package config

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/hald-project/hald/event"
)

// awaitable is the event that a command with stage "before" can be awaited for.
const awaitable = "vrrp.transition"

// maxAwaited is how long addresses may wait at most.
const maxAwaited = time.Minute

// ways are the blocks of which a notifier has one: how it tells.
var ways = []string{"webhook", "exec", "smtp"}

// readNotifiers reads all notify blocks.
func (r *reader) readNotifiers(root *block) []Notifier {
	var all []Notifier
	names := map[string]hcl.Range{}
	for _, b := range root.nested["notify"] {
		r.checkLabel(b)
		r.unique(names, b.label, b.labelAt, "Duplicate notify")
		all = append(all, r.readNotifier(b))
	}
	return all
}

func (r *reader) readNotifier(b *block) Notifier {
	n := Notifier{Name: b.label}
	events := readList(r, b, "events", eventPattern)
	r.mustBeGiven(b, "events", "the names of the events it tells of, such as \"vrrp.transition\", \"quorum.*\" or \"*\"", events.given)
	if events.ok && events.given && len(events.value) == 0 {
		r.fail(events.at, "Invalid events", "An empty list would tell of nothing. List names of events, or \"*\" for all.")
	}
	for _, e := range events.value {
		n.Events = append(n.Events, e.value)
	}
	giveUp := read(r, b, "give_up", duration(0, 24*time.Hour, time.Millisecond))
	way := r.onlyWay(b)
	if way == nil {
		return n
	}
	n.Kind = way.kind
	switch way.kind {
	case "webhook":
		n.GiveUp, n.Webhook = giveUp.or(10*time.Minute).value, r.readWebhook(way)
	case "smtp":
		n.GiveUp, n.SMTP = giveUp.or(10*time.Minute).value, r.readMail(way)
	case "exec":
		n.GiveUp, n.Exec = giveUp.or(30*time.Second).value, r.readExec(way)
		if n.Exec.Before {
			n.GiveUp = 0
			r.checkAwaited(way, n.Exec, events, giveUp)
		}
	}
	return n
}

// onlyWay is the block that says how; nil, and reported, when there is none.
func (r *reader) onlyWay(b *block) *block {
	var found []*block
	for _, kind := range ways {
		found = append(found, b.nested[kind]...)
	}
	slices.SortFunc(found, func(a, b *block) int { return a.at.Start.Byte - b.at.Start.Byte })
	switch {
	case len(found) == 0 && !b.broken:
		r.fail(b.at, "Missing block", fmt.Sprintf("%s does not say how it tells: it needs a block %s.", b.title(), enumerate(ways, "or")))
		return nil
	case len(found) == 0:
		return nil
	case len(found) > 1:
		r.fail(found[1].at, "Second way to tell", fmt.Sprintf(
			"%s has the block %s at %s already. A notifier tells in one way: give the other its own notify block.", b.title(), found[0].kind, position(found[0].at)))
	}
	return found[0]
}

// readExec reads a command that is told.
func (r *reader) readExec(b *block) NotifyExec {
	return NotifyExec{
		Command: r.readCommand(b),
		Timeout: read(r, b, "timeout", duration(100*time.Millisecond, 10*time.Minute, time.Millisecond)).or(10 * time.Second).value,
		User:    r.readUser(b),
		Before:  read(r, b, "stage", oneOf([]string{"after", "before"})).or("after").value == "before",
	}
}

// checkAwaited reports what cannot be awaited before addresses move, or tried again.
func (r *reader) checkAwaited(way *block, told NotifyExec, events field[[]field[string]], giveUp field[time.Duration]) {
	for _, e := range events.value {
		if e.ok && e.value != awaitable {
			r.fail(e.at, "Invalid events", fmt.Sprintf(
				"%s is awaited before addresses move, and only %q does that; %s cannot be awaited. Give it a notify block of its own.", way.title(), awaitable, e.shown()))
		}
	}
	if timeout := read(r, way, "timeout", duration(0, 0, 1)); timeout.ok && told.Timeout > maxAwaited {
		r.fail(timeout.at, "Invalid timeout", fmt.Sprintf(
			"%s is longer than %s: with stage \"before\" the virtual addresses are nowhere for so long when a master dies.", timeout.shown(), plain(maxAwaited)))
	}
	if giveUp.given {
		r.fail(giveUp.at, "Invalid give_up", fmt.Sprintf("What is awaited before addresses move is tried once, and the timeout of %s bounds it. Remove this.", way.title()))
	}
}

// readWebhook reads where events are posted.
func (r *reader) readWebhook(b *block) NotifyWebhook {
	to := need(r, b, "url", "where the events are posted", hookAddress)
	ca := read(r, b, "ca", absolutePath)
	if ca.ok {
		r.checkFile(ca, "certificates", readAuthorities)
	}
	if ca.given && to.ok && strings.HasPrefix(to.value, "http:") {
		r.fail(ca.at, "Invalid ca", "The url begins with http://: no certificate is looked at. Remove this, or write https://.")
	}
	w := NotifyWebhook{
		URL: to.value, CA: ca.value, Headers: r.readHeaders(b),
		Secret:  read(r, b, "secret", hookSecret).value,
		Timeout: read(r, b, "timeout", duration(100*time.Millisecond, 5*time.Minute, time.Millisecond)).or(10 * time.Second).value,
	}
	if to.ok && len(w.Headers) > 0 && strings.HasPrefix(w.URL, "http:") && !local(w.URL) {
		r.source.warn(&to.at, "Headers without TLS", "With http:// everybody on the way can read the headers, and whoever answers is believed. Write https:// if the other side can.")
	}
	return w
}

// local tells whether a URL stays on this machine.
func local(to string) bool {
	u, err := url.Parse(to)
	ip := net.ParseIP(u.Hostname())
	return err == nil && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// hookAddress accepts a URL by http or https.
func hookAddress(v value) (string, error) {
	s, err := filled(v)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || webPorts[u.Scheme] == 0:
		return "", complain("%s is not a URL such as \"https://alerts.example.net/hook\".", v)
	case u.User != nil:
		return "", complain("%s has a user in it. Write an Authorization header in headers.", v)
	case u.Fragment != "":
		return "", complain("%s has a fragment (#), which is never sent.", v)
	}
	return s, nil
}

// minSecret is the shortest secret that signs, in bytes.
const minSecret = 16

func hookSecret(v value) (string, error) {
	s, err := filled(v)
	if err == nil && len(s) < minSecret {
		return "", complain("The secret has %d bytes; at least %d make a signature that cannot be guessed: openssl rand -hex 32.", len(s), minSecret)
	}
	return s, err
}

// eventPattern accepts the name of an event, or a pattern with * that some have.
func eventPattern(v value) (string, error) {
	s, err := filled(v)
	if err != nil {
		return "", err
	}
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_.*") != "" {
		return "", complain("%s is not the name of an event, nor a pattern such as \"quorum.*\".", v)
	}
	known := event.Names()
	for _, name := range known {
		if matches, _ := path.Match(s, name); matches { // of these letters no pattern is malformed
			return s, nil
		}
	}
	hint := ""
	if !v.hidden {
		hint = didYouMean(s, known)
	}
	return "", complain("No event is called %s.%s docs/alerting.md lists them.", v, hint)
}
