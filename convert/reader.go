package convert

import (
	"cmp"
	"maps"
	"math"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// reader reads the statements of one director into blocks.
type reader struct {
	*Report
	director  string
	own       netip.Addr // its unicast source; invalid: none is told
	ownAt     place
	peers     []peer
	globals   globals
	scripts   map[string]*statement // by kind and name: what trackers name
	ranges    map[string]*statement // virtual_server_group
	tls       *statement            // SSL
	names     map[string]string     // of instances, as they are written here
	groups    []*block
	grouped   map[*block]bool // instances that are in one
	routers   []*block        // vrrp_instance
	services  []*block
	notifiers []*block
	letters   mail
	ipvs      *block
	spare     []string // comments that belong to nothing that came along
	ruled     int      // rules that were given a priority
}

// peer is a unicast peer, and where it is named.
type peer struct {
	address netip.Addr
	at      place
}

// read reads what the files of a director say.
func (r *reader) read(top []*statement) {
	r.scripts, r.ranges, r.names = map[string]*statement{}, map[string]*statement{}, map[string]string{}
	r.grouped = map[*block]bool{}
	r.ipvs = newBlock("ipvs", place{})
	var later []*statement
	for _, s := range top {
		switch s.key() {
		case "global_defs":
			r.readGlobals(s)
		case "vrrp_script", "vrrp_track_process", "track_file", "vrrp_track_file":
			kind := strings.TrimPrefix(s.key(), "vrrp_")
			r.scripts[kind+" "+s.arg(0)] = s
		case "virtual_server_group":
			r.ranges[s.arg(0)] = s
		case "SSL":
			r.tls = s
		default:
			later = append(later, s)
		}
	}
	for _, s := range later {
		switch s.key() {
		case "vrrp_instance":
			r.readInstance(s)
		case "vrrp_sync_group", "garp_group":
		case "virtual_server":
			r.readService(s)
		default:
			r.spare = append(r.spare, s.comments...)
			r.elsewhere(s, outside)
		}
	}
	for _, s := range later {
		switch s.key() {
		case "vrrp_sync_group":
			r.readGroup(s)
		case "garp_group":
			r.readPace(s)
		}
	}
	r.readSync()
	r.finishMail()
	r.unused()
}

// outside are the keywords of the top that hald has nothing for.
var outside = map[string]fate{
	"static_ipaddress":         {Lost, "addresses that do not move are the system's to set up"},
	"static_routes":            {Lost, "routes that do not move are the system's to set up"},
	"static_rules":             {Lost, "rules that do not move are the system's to set up"},
	"track_group":              {Lost, "static addresses are not hald's, and cannot be tracked"},
	"bfd_instance":             {Lost, "hald speaks no BFD"},
	"linkbeat_interfaces":      {Note, "the kernel tells of links; nothing is polled"},
	"linkbeat_use_polling":     {Note, "the kernel tells of links; nothing is polled"},
	"interface_up_down_delays": {Lost, "hald has no delay of its own for links; track \"interface\" waits three seconds after one comes up"},
	"net_namespace":            {Lost, "start hald in the namespace: ip netns exec, or NetworkNamespacePath of systemd"},
	"net_namespace_ipvs":       {Lost, "one hald serves one namespace"},
	"namespace_with_ipsets":    {Note, "hald needs no ipsets"},
	"instance":                 {Lost, "several daemons on a machine have a --runtime-dir each"},
	"use_pid_dir":              {Note, "hald has no PID files"},
	"child_wait_time":          {Note, "hald waits as long as the protocol takes"},
}

// fate is what becomes of a keyword, and why.
type fate struct {
	kind Kind
	why  string
}

// elsewhere reports a keyword that is not read.
func (r *reader) elsewhere(s *statement, known map[string]fate) {
	f, ok := known[s.key()]
	if !ok {
		r.lost(s.at, "%q is not known (keepalived ignores what it does not know)", s.key())
		return
	}
	r.add(f.kind, s.at, "%s: %s", said(s), f.why)
}

// said is a statement as it stands, shortened.
func said(s *statement) string {
	var all []string
	for _, w := range s.words {
		all = append(all, w.text)
	}
	text := printable(strings.Join(all, " "))
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:57], "") + "..."
	}
	return text
}

// unused reports what is defined and named by nobody.
func (r *reader) unused() {
	for _, s := range inOrder(r.scripts) {
		if !s.used {
			r.note(s.at, "%s: nothing tracks it; left out", said(s))
		}
	}
	for _, s := range inOrder(r.ranges) {
		if !s.used {
			r.note(s.at, "%s: no virtual_server names it; left out", said(s))
		}
	}
}

// inOrder are the statements of a map as they stand in the files.
func inOrder(all map[string]*statement) []*statement {
	return slices.SortedFunc(maps.Values(all), func(a, b *statement) int {
		return cmp.Or(cmp.Compare(a.at.file, b.at.file), cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.arg(0), b.arg(0)))
	})
}

// integer is a whole number from low to high; another one is reported.
func (r *reader) integer(s *statement, i, low, high int) (int, bool) {
	n, err := strconv.Atoi(s.arg(i))
	if err != nil || n < low || n > high {
		r.lost(s.at, "%s: %d to %d is possible", said(s), low, high)
		return 0, false
	}
	return n, true
}

// timer is a number of seconds, with a fraction.
func (r *reader) timer(s *statement, i int) (time.Duration, bool) {
	f, err := strconv.ParseFloat(s.arg(i), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1e7 {
		r.lost(s.at, "%s: a number of seconds is needed", said(s))
		return 0, false
	}
	return time.Duration(math.Round(f*1e6)) * time.Microsecond, true
}

// switched is a switch that may be left out.
func (r *reader) switched(s *statement) bool {
	switch s.arg(0) {
	case "", "on", "true", "yes":
		return true
	case "off", "false", "no":
		return false
	}
	r.lost(s.at, "%s: on or off is possible", said(s))
	return false
}

// address is an IP address without prefix.
func (r *reader) address(s *statement, i int) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s.arg(i))
	if err != nil || a.Zone() != "" {
		r.lost(s.at, "%s: %q is no IP address", said(s), s.arg(i))
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// named makes a label of a name.
func (r *reader) named(s *statement, name string) string {
	label := strings.Map(func(c rune) rune {
		if c == '/' || unicode.IsSpace(c) || !unicode.IsPrint(c) || c == '�' {
			return '-'
		}
		return c
	}, strings.ToValidUTF8(name, "-"))
	if len(label) > 64 {
		label = strings.ToValidUTF8(label[:64], "")
	}
	if label == "" {
		label = "unnamed"
	}
	if label != name {
		r.note(s.at, "%q cannot be a name here, and is called %q", name, label)
	}
	return label
}

// command is the program that a script is, with its arguments. What a program's folder
// is, keepalived asks PATH.
func (r *reader) command(s *statement) (args []string, user string, ok bool) {
	if len(s.words) < 2 {
		r.lost(s.at, "%s: there is no program", said(s))
		return nil, "", false
	}
	if s.words[1].quoted {
		args = argv(s.arg(0))
		user = s.arg(1)
	} else if args = s.args(); s.key() != "script" && s.key() != "misc_path" {
		args, user = args[:1], s.arg(1)
	}
	if len(args) == 0 {
		r.lost(s.at, "%s: there is no program", said(s))
		return nil, "", false
	}
	if strings.ContainsAny(args[0], "<>|&;()`") {
		r.lost(s.at, "%s: hald runs programs, and no shell that understands %q", said(s), args[0])
		return nil, "", false
	}
	if !filepath.IsAbs(args[0]) {
		was := args[0]
		args = slices.Clone(args)
		args[0] = filepath.Join("/usr/bin", filepath.Base(was))
		r.note(s.at, "%q is no absolute path; taken for %s", was, args[0])
	}
	return args, user, true
}
