package convert

import (
	"cmp"
	"net"
	"strings"
	"time"
)

// scriptTime is how long a program may take; keepalived gives it all the time.
const scriptTime = time.Minute

// states are hald's names of what keepalived has a program for.
var states = map[string]string{"notify_master": "master", "notify_backup": "backup", "notify_fault": "fault", "notify_stop": "init"}

// ofState reads a program that is run when an instance has got into a state. The kind and
// the name are those that keepalived tells it: INSTANCE or GROUP.
func (r *reader) ofState(s *statement, instance, kind, name string) bool {
	if to, known := states[s.key()]; known {
		r.script(s, name, []string{"vrrp.transition"}, filled("$HALD_INSTANCE/$HALD_TO", instance+"/"+to, ""))
		return true
	}
	if s.key() != "notify" {
		return false
	}
	r.script(s, name, []string{"vrrp.transition"}, filled("$HALD_INSTANCE", instance, keepalivedArguments(kind, name)))
	return true
}

// keepalivedArguments are those that keepalived adds for a program of all states.
func keepalivedArguments(kind, name string) string {
	return ` ` + kind + ` ` + shell(name) + ` "$(echo "$HALD_TO" | sed 's/^init$/stop/' | tr a-z A-Z)" "${HALD_PRIORITY:-0}"`
}

// filled is the shell's part before a program, with arguments that it gets besides: hald
// tells of every instance and state, keepalived of one.
func filled(variables, is, more string) string {
	return `[ "` + variables + `" = ` + shell(is) + ` ] || exit 0; exec "$0" "$@"` + more
}

// shell quotes a word for it.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// script makes a notifier of a program.
func (r *reader) script(s *statement, of string, events []string, before string) {
	args, user, ok := r.command(s)
	if !ok {
		return
	}
	b := newBlock("notify", s.at, r.named(s, of+"-"+s.key()))
	b.comments = s.comments
	b.set("events", texts(events), s.at)
	b.set("give_up", text("0s"), s.at)
	exec := b.add(newBlock("exec", s.at))
	exec.set("command", texts(append([]string{"/bin/sh", "-c", before}, args...)), s.at)
	exec.set("timeout", length(scriptTime), s.at)
	if user = cmp.Or(user, r.globals.user); user != "" {
		exec.set("user", text(user), s.at)
	}
	r.note(s.at, "%s: programs of an instance run one after the other, a minute at most; the shell before it picks the instance and the state", said(s))
	r.notifiers = append(r.notifiers, b)
}

// mail is what global_defs says about letters, and who asked for them.
type mail struct {
	at                 place
	server, port, from string
	to                 []string
	timeout            time.Duration
	vrrp, quorum       bool
	silent             bool // no letters of real servers
}

// readMail reads a keyword of letters.
func (r *reader) readMail(s *statement) bool {
	m := &r.letters
	switch s.key() {
	case "notification_email":
		m.at = s.at
		for _, a := range s.block {
			if strings.Count(a.key(), "@") == 1 {
				m.to = append(m.to, a.key())
			} else {
				r.lost(a.at, "notification_email %s: an address has an @", said(a))
			}
		}
	case "notification_email_from":
		m.from = s.arg(0)
	case "smtp_server":
		m.server, m.port = s.arg(0), s.arg(1)
	case "smtp_connect_timeout":
		m.timeout, _ = r.timer(s, 0)
	case "smtp_alert":
		m.vrrp, m.quorum = r.switched(s), r.switched(s)
		m.silent = !m.vrrp
	case "smtp_alert_vrrp":
		m.vrrp = r.switched(s)
	case "smtp_alert_checker":
		m.quorum = r.switched(s)
		m.silent = !m.quorum
	default:
		return false
	}
	return true
}

// alerted reads smtp_alert of an instance, a group, a service or a server.
func (r *reader) alerted(s *statement, wanted *bool) {
	if r.switched(s) {
		*wanted = true
		r.note(s.at, "smtp_alert: letters tell of all that are of a kind")
	} else {
		r.lost(s.at, "smtp_alert off: letters tell of all that are of a kind")
	}
}

// finishMail makes a notifier that sends letters.
func (r *reader) finishMail() {
	m := r.letters
	if m.server == "" && len(m.to) == 0 {
		if m.vrrp || m.quorum || m.from != "" {
			r.lost(r.at(), "letters are asked for, and there is neither a notification_email nor an smtp_server")
		}
		return
	}
	var events []string
	if m.vrrp {
		events = append(events, "vrrp.transition")
	}
	if m.quorum {
		events = append(events, "quorum.*")
	}
	if len(r.services) > 0 && !m.silent {
		events = append(events, "real_server.up", "real_server.down")
	}
	if m.server == "" || len(m.to) == 0 || len(events) == 0 {
		r.lost(m.at, "no letters will be sent: hald needs an smtp_server, a notification_email with an @, and something to tell of (smtp_alert, or a real server)")
		return
	}
	if strings.Count(m.from, "@") != 1 {
		r.note(m.at, "letters come from %s: keepalived takes the name of the host", m.to[0])
		m.from = m.to[0]
	}
	b := newBlock("notify", m.at, "mail")
	b.set("events", texts(events), m.at)
	smtp := b.add(newBlock("smtp", m.at))
	smtp.set("server", text(net.JoinHostPort(m.server, cmp.Or(m.port, "25"))), m.at)
	smtp.set("from", text(m.from), m.at)
	smtp.set("to", texts(m.to), m.at)
	smtp.set("starttls", "false", m.at)
	if m.timeout >= 100*time.Millisecond && m.timeout <= 5*time.Minute {
		smtp.set("timeout", length(m.timeout), m.at)
	}
	r.note(m.at, "letters go without TLS, as keepalived's do; leave starttls out where the mail server can")
	r.notifiers = append(r.notifiers, b)
}
