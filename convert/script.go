package convert

import (
	"net/netip"
	"strings"
	"time"
)

// ofScript reads a vrrp_script.
func (r *reader) ofScript(b *block, def *statement) bool {
	interval, timeout, rise, fall := time.Second, time.Duration(0), 1, 1
	user, found := r.globals.user, false
	for _, s := range def.block {
		switch s.key() {
		case "script":
			found = true
			if r.dialled(b, s) {
				continue
			}
			args, _, ok := r.command(s)
			if !ok {
				return false
			}
			b.put("command", texts(args), s)
		case "interval":
			if d, ok := r.timer(s, 0); ok && d > 0 {
				interval = d
			}
		case "timeout":
			if d, ok := r.timer(s, 0); ok {
				timeout = d
			}
		case "rise":
			if n, ok := r.integer(s, 0, 1, 1000); ok {
				rise = n
			}
		case "fall":
			if n, ok := r.integer(s, 0, 1, 1000); ok {
				fall = n
			}
		case "weight":
		case "user":
			user = s.arg(0)
		case "init_fail":
			r.note(s.at, "init_fail: what is not known yet counts as failed: always")
		default:
			r.elsewhere(s, nil)
		}
	}
	if !found {
		r.lost(def.at, "%s: there is no script", said(def))
		return false
	}
	if user != "" && b.labels[0] == "script" {
		b.set("user", text(user), def.at)
	}
	r.rhythm(b, def, interval, timeout)
	b.set("rise", number(rise), def.at)
	b.set("fall", number(fall), def.at)
	return true
}

// dialled reads the script of which a shell makes a connection: </dev/tcp/HOST/PORT.
func (r *reader) dialled(b *block, s *statement) bool {
	rest, is := strings.CutPrefix(strings.ReplaceAll(s.arg(0), " ", ""), "</dev/tcp/")
	host, port, _ := strings.Cut(rest, "/")
	a, err := netip.ParseAddr(host)
	n, ok := whole(port)
	if !is || err != nil || !ok || n < 1 || n > 65535 {
		return false
	}
	b.labels[0] = "tcp"
	b.put("address", text(a.String()), s)
	b.set("port", number(n), s.at)
	r.note(s.at, "%s: hald makes the connection itself", said(s))
	return true
}

// rhythm sets interval and timeout. A timeout beyond the interval is no counterpart:
// keepalived leaves out the runs between.
func (r *reader) rhythm(b *block, s *statement, interval, timeout time.Duration) {
	interval = min(max(interval.Round(time.Millisecond), 10*time.Millisecond), 24*time.Hour)
	timeout = timeout.Round(time.Millisecond)
	if timeout == 0 {
		timeout = interval
	}
	if timeout > interval {
		r.lost(s.at, "%s: a timeout of %v is longer than the interval of %v, and was cut to it; if it may take so long, make the interval longer", said(s), timeout, interval)
		timeout = interval
	}
	b.set("interval", length(interval), s.at)
	b.set("timeout", length(timeout), s.at)
}
