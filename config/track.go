package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// maxTrackWeight is the distance between the lowest and the highest priority.
const maxTrackWeight = 253

// readTrackers reads the track blocks of an instance, or all of its defaults'.
func (r *reader) readTrackers(b *block, priority field[int]) []Tracker {
	var all []Tracker
	names := map[string]map[string]hcl.Range{}
	for _, t := range b.blocks("track") {
		if names[t.label] == nil {
			names[t.label] = map[string]hcl.Range{}
		}
		r.checkTracked(t)
		r.unique(names[t.label], t.name, t.nameAt, fmt.Sprintf("Duplicate track %q", t.label))
		tracker := r.readTracker(t)
		all = append(all, tracker)
		if priority.ok && priority.value == owner && !b.defaults && (tracker.Weight != 0 || t.label == "file") {
			r.source.warn(&t.at, "Weight without effect", fmt.Sprintf(
				"%s changes the priority of the other directors only: that of an address owner, director %q, is always 255.", t.title(), r.director.Name))
		}
	}
	return all
}

// checkTracked reports a name that cannot be that of something tracked.
func (r *reader) checkTracked(b *block) {
	switch b.label {
	case "interface":
		if _, err := interfaceName(value{v: cty.StringVal(b.name)}); err != nil {
			r.fail(b.nameAt, "Invalid name", err.Error())
		}
	case "virtual_server":
		for _, name := range r.services {
			if name == b.name {
				return
			}
		}
		there := "The configuration has none."
		if len(r.services) > 0 {
			there = fmt.Sprintf("The configuration has %s.%s", enumerate(r.services, "and"), didYouMean(b.name, r.services))
		}
		r.fail(b.nameAt, "Unknown virtual_server", fmt.Sprintf("There is no virtual_server %q. %s", b.name, there))
	default:
		r.checkName("track "+strconv.Quote(b.label), b.name, b.nameAt)
	}
}

func (r *reader) readTracker(b *block) Tracker {
	t := Tracker{Kind: b.label, Name: b.name, Weight: read(r, b, "weight", integer(-maxTrackWeight, maxTrackWeight)).or(0).value}
	switch b.label {
	case "script":
		t.Check, t.Command = r.readRhythm(b, 3), r.readCommand(b)
		t.Check.User = r.readUser(b)
	case "process":
		t.Check = r.readLook(b)
		t.Check.Rise = read(r, b, "rise", integer(1, 1000)).or(2).value
		t.Check.Fall = read(r, b, "fall", integer(1, 1000)).or(1).value
	case "file":
		t.Check, t.Path = r.readLook(b), need(r, b, "path", "the absolute path of a file with an integer in it", absolutePath).value
	case "exec":
		t.Check, t.Command = r.readRhythm(b, 3), r.readCommand(b)
		t.Check.User = r.readUser(b)
	case "ping":
		t.Check = r.readRhythm(b, 3)
		r.readAsked(b, &t.Check)
		t.Check.Target = netip.AddrPortFrom(need(r, b, "address", "the IP address to ping", hostAddress).value, 0)
	case "dns", "smtp":
		t.Check = r.readRhythm(b, 3)
		r.readAsked(b, &t.Check)
		address := need(r, b, "address", "the IP address to connect to", hostAddress)
		port := read(r, b, "port", integer(1, 65535)).or(map[string]int{"dns": 53, "smtp": 25}[b.label])
		t.Check.Target = netip.AddrPortFrom(address.value, uint16(port.value))
	case "tcp", "udp", "tls", "grpc":
		t.Check = r.readRhythm(b, 3)
		r.readAsked(b, &t.Check)
		address := need(r, b, "address", "the IP address to connect to", hostAddress)
		port := need(r, b, "port", "the port to connect to", integer(1, 65535))
		t.Check.Target = netip.AddrPortFrom(address.value, uint16(port.value))
	case "http", "https":
		t.Check = r.readRhythm(b, 3)
		r.readAsked(b, &t.Check)
		r.readTarget(b, &t.Check)
	}
	if source := read(r, b, "source", hostAddress); source.given {
		r.checkSource(source, t.Check.Target.Addr())
		t.Check.Source = source.value
	}
	t.Check.Mark = r.readMark(b)
	return t
}

// readLook reads how often this machine is looked at, which takes no time.
func (r *reader) readLook(b *block) Check {
	interval := read(r, b, "interval", duration(10*time.Millisecond, 24*time.Hour, time.Millisecond)).or(2 * time.Second).value
	return Check{Probe: &Probe{Kind: b.label, Interval: interval, Timeout: min(interval, time.Second), FastInterval: interval, Fall: 1, Rise: 1}}
}

// readCommand reads a program with its arguments.
func (r *reader) readCommand(b *block) []string {
	list := readList(r, b, "command", text)
	r.mustBeGiven(b, "command", "the list of a program's absolute path and its arguments", list.given)
	if !list.given || !list.ok {
		return nil
	}
	if len(list.value) == 0 {
		r.fail(list.at, "Invalid command", "The list is empty: it begins with the absolute path of a program.")
		return nil
	}
	program := parsed(r, "command", list.value[0].text, absolutePath)
	if program.ok {
		r.checkProgram(program)
	}
	var command []string
	for _, word := range list.value {
		command = append(command, word.value)
	}
	return command
}

// absolutePath accepts the path of a file that needs no folder to start from.
func absolutePath(v value) (string, error) {
	s, err := text(v)
	if err == nil && (!strings.HasPrefix(s, "/") || s == "/" || s != filepath.Clean(s) || strings.ContainsRune(s, 0)) {
		return "", complain("%s is not the absolute path of a file, without \".\" and \"..\" in it.", v)
	}
	return s, err
}

// checkProgram reports a program that is missing or that others could change. On
// another machine than the director's own it is a warning.
func (r *reader) checkProgram(program field[string]) {
	r.checkFile(program, "program", nil)
}

// checkFile reports a file that is missing, that others could change, or that its reader
// finds something wrong with; without a reader it is a program. On another machine than
// the director's own it is a warning.
func (r *reader) checkFile(path field[string], what string, read func(string) error) {
	title, safe := "Unsafe or missing "+what, safeFile
	if read == nil {
		safe = safeProgram
	}
	r.looks++
	err := safe(path.value)
	if err == nil && read != nil {
		title, err = "Unusable "+what, read(path.value)
	}
	if err == nil {
		return
	}
	detail := fmt.Sprintf("%s: %s.", path.shown(), err)
	if path.text.hidden {
		detail = fmt.Sprintf("The %s is missing, or others could change it. Its path is not shown: it comes from file() or env().", what)
	}
	if r.source.elsewhere {
		r.source.warn(&path.at, title, detail)
	} else {
		r.fail(path.at, title, detail)
	}
}
