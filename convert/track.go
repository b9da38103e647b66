package convert

import (
	"path/filepath"
	"strconv"
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
