package convert

import (
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// readTrack reads what an instance or a group depends on.
func (r *reader) readTrack(b *block, s *statement) {
	kind := s.key()[len("track_"):]
	for _, t := range s.block {
		if kind == "bfd" {
			r.lost(t.at, "track_bfd %s: hald speaks no BFD", said(t))
			continue
		}
		if of := r.tracker(kind, t); of != nil {
			of.comments = append(t.comments, of.comments...)
			for _, other := range b.of("track") {
				if other.name() == of.name() {
					r.rewritten(t.at, "%s stands here a second time, and is left out", said(t))
					of = nil
					break
				}
			}
			if of != nil {
				b.add(of)
			}
		}
	}
	if len(s.block) == 0 && !s.isBlock {
		r.lost(s.at, "%s: a block is needed", said(s))
	}
}

// tracker is one track block; nil, and reported, where there is no counterpart.
func (r *reader) tracker(kind string, t *statement) *block {
	name := r.named(t, t.key())
	weight, reverse, told := 0, false, false
	for i := 0; i < len(t.words)-1; i++ {
		switch word := t.arg(i); word {
		case "weight":
			i++
			n, err := strconv.Atoi(t.arg(i))
			if err != nil || n < -253 || n > 253 {
				r.lost(t.at, "%s: a weight is -253 to 253", said(t))
				continue
			}
			weight, told = n, true
		case "reverse":
			reverse = true
		case "noreverse", "no_reverse":
			reverse = false
		default:
			r.lost(t.at, "%s: %q has no counterpart", said(t), word)
		}
	}
	b := newBlock("track", t.at, kind, name)
	def := r.scripts[kind+" "+t.key()]
	if kind != "interface" {
		if def == nil {
			r.lost(t.at, "track_%s %s is not defined; keepalived would leave it out, and have nothing watched", kind, t.key())
			return nil
		}
		for _, s := range def.block {
			if s.key() == "weight" && !told {
				n, err := strconv.Atoi(s.arg(0))
				if err == nil {
					weight, told, reverse = n, true, s.arg(1) == "reverse"
				}
			}
		}
		def.used = true
	}
	if reverse {
		r.lost(t.at, "track_%s %s: hald has no reverse", kind, said(t))
		return nil
	}
	ok := true
	switch kind {
	case "script":
		ok = r.ofScript(b, def)
	case "process":
		if !told {
			weight = 1
		}
		ok = r.ofProcess(b, def)
	case "file":
		if !told {
			weight = 1
		}
		ok = r.ofFile(b, def, weight)
		weight = 0
	}
	if !ok {
		return nil
	}
	if weight < -253 || weight > 253 {
		r.lost(t.at, "%s: a weight is -253 to 253", said(t))
		weight = max(-253, min(253, weight))
	}
	if weight != 0 {
		b.set("weight", number(weight), t.at)
	}
	return b
}

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
	if user != "" && user != "root" && b.labels[0] == "script" {
		b.labels[0] = "exec" // which has a user
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

// ofProcess reads a vrrp_track_process.
func (r *reader) ofProcess(b *block, def *statement) bool {
	found := false
	for _, s := range def.block {
		switch s.key() {
		case "process":
			found = true
			b.labels[1] = r.named(s, filepath.Base(s.arg(0)))
			if len(s.words) > 2 {
				r.lost(s.at, "%s: hald knows a process by its name, not by its arguments", said(s))
			}
		case "weight":
		case "quorum":
			if s.arg(0) != "1" {
				r.lost(s.at, "%s: hald wants one process of the name, not more", said(s))
			}
		default:
			r.elsewhere(s, map[string]fate{
				"quorum_max":      {Lost, "hald wants one process of the name or more"},
				"delay":           {Lost, "fall and rise of track \"process\" are in looks, one in two seconds"},
				"fork_delay":      {Lost, "fall and rise of track \"process\" are in looks, one in two seconds"},
				"terminate_delay": {Lost, "fall and rise of track \"process\" are in looks, one in two seconds"},
				"full_command":    {Lost, "hald knows a process by its name, not by its arguments"},
				"param_match":     {Lost, "hald knows a process by its name, not by its arguments"},
			})
		}
	}
	if !found {
		r.lost(def.at, "%s: there is no process", said(def))
	}
	return found
}

// ofFile reads a track_file, whose integer hald adds as it is.
func (r *reader) ofFile(b *block, def *statement, weight int) bool {
	for _, s := range def.block {
		switch s.key() {
		case "file":
			if !filepath.IsAbs(s.arg(0)) {
				r.lost(s.at, "%s: an absolute path is needed", said(s))
				return false
			}
			b.put("path", text(s.arg(0)), s)
		case "weight":
		case "init_file":
			r.note(s.at, "%s: a file that is missing stands for 0", said(s))
		default:
			r.elsewhere(s, nil)
		}
	}
	switch {
	case b.value("path") == "":
		r.lost(def.at, "%s: there is no file", said(def))
		return false
	case weight != 1:
		r.lost(def.at, "%s: hald adds the number in a file as it is; a weight of %d is none", said(def), weight)
		return false
	}
	return true
}
