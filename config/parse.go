package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// complaint says, in whole sentences for people, why a value is refused. It
// shows the value only as value.String does.
type complaint string

func (c complaint) Error() string { return string(c) }

func complain(format string, args ...any) error {
	return complaint(fmt.Sprintf(format, args...))
}

// The parsers turn one value into what it stands for; their errors become the
// details of messages.

func text(v value) (string, error) {
	if v.v.Type() != cty.String {
		return "", complain("A string is needed here, in quotes; %s is not one.", v)
	}
	return v.v.AsString(), nil
}

func filled(v value) (string, error) {
	s, err := text(v)
	if err == nil && s == "" {
		return "", complain("The string is empty.")
	}
	return s, err
}

func boolean(v value) (bool, error) {
	if v.v.Type() != cty.Bool {
		return false, complain("true or false is needed here, without quotes; %s is neither.", v)
	}
	return v.v.True(), nil
}

// integer accepts whole numbers from low to high.
func integer(low, high int64) func(value) (int, error) {
	return func(v value) (int, error) {
		if v.v.Type() != cty.Number {
			return 0, complain("A number is needed here, without quotes; %s is not one.", v)
		}
		n, accuracy := v.v.AsBigFloat().Int64()
		if accuracy != 0 && v.v.AsBigFloat().IsInt() || accuracy == 0 && (n < low || n > high) {
			return 0, complain("%s is out of range; it must be %d to %d.", v, low, high)
		}
		if accuracy != 0 {
			return 0, complain("%s is not a whole number; it must be %d to %d.", v, low, high)
		}
		return int(n), nil
	}
}

// oneOf accepts some words.
func oneOf(words []string) func(value) (string, error) {
	return func(v value) (string, error) {
		s, err := text(v)
		if err != nil {
			return "", err
		}
		if slices.Contains(words, s) {
			return s, nil
		}
		hint := ""
		if !v.hidden {
			hint = didYouMean(s, words)
		}
		return "", complain("%s is not one of %s.%s", v, enumerate(words, "or"), hint)
	}
}

// duration accepts durations from low to high in whole steps. A high of 0
// stands for no limit.
func duration(low, high, step time.Duration) func(value) (time.Duration, error) {
	return func(v value) (time.Duration, error) {
		if v.v.Type() == cty.Number {
			return 0, complain("A duration needs a unit and quotes, for example \"2s\" or \"100ms\".")
		}
		s, err := text(v)
		if err != nil {
			return 0, err
		}
		d, err := time.ParseDuration(s)
		if err != nil || s != strings.TrimLeft(s, "+") {
			return 0, complain("%s is not a duration. Write a number with a unit (ms, s, m, h), for example \"100ms\", \"2s\" or \"1m30s\".", v)
		}
		switch {
		case d < low && high == 0:
			return 0, complain("%s is too short; it must be %s or more.", v, plain(low))
		case d < low || high != 0 && d > high:
			return 0, complain("%s is out of range; it must be %s to %s.", v, plain(low), plain(high))
		case d%step != 0 && step == time.Second:
			return 0, complain("%s has a fraction of a second; whole seconds are needed here.", v)
		case d%step != 0:
			return 0, complain("%s is not a multiple of %s.", v, plain(step))
		}
		return d, nil
	}
}

// plain writes a duration without empty units: 1h, not 1h0m0s.
func plain(d time.Duration) string {
	s := d.String()
	s = strings.Replace(s, "m0s", "m", 1)
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// fileMode accepts permission bits in octal, as chmod(1) takes them.
func fileMode(v value) (uint32, error) {
	s, err := text(v)
	if err != nil {
		return 0, complain("A file mode is a string of octal digits, for example \"0660\"; %s is not one.", v)
	}
	mode, err := strconv.ParseUint(s, 8, 32)
	if err != nil || mode > 0o777 {
		return 0, complain("%s is not a file mode from \"0000\" to \"0777\".", v)
	}
	return uint32(mode), nil
}

// interfaceName accepts what the kernel accepts as a link's name
// (dev_valid_name in net/core/dev.c).
func interfaceName(v value) (string, error) {
	s, err := text(v)
	if err != nil {
		return "", err
	}
	bad := strings.ContainsFunc(s, func(c rune) bool { return c == '/' || c == ':' || unicode.IsSpace(c) || unicode.IsControl(c) })
	if s == "" || len(s) > 15 || s == "." || s == ".." || bad {
		return "", complain("%s is not an interface name: 1 to 15 characters without space, slash or colon.", v)
	}
	return s, nil
}

// maxLabel bounds the names of directors, instances, services and servers.
const maxLabel = 64

// checkLabel reports a block name that commands, events and metrics could not
// carry.
func (r *reader) checkLabel(b *block) { r.checkName(b.kind, b.label, b.labelAt) }

func (r *reader) checkName(kind, name string, at hcl.Range) {
	bad := strings.ContainsFunc(name, func(c rune) bool { return c == '/' || unicode.IsSpace(c) || !unicode.IsPrint(c) })
	if name == "" || len(name) > maxLabel || bad {
		r.fail(at, "Invalid name", fmt.Sprintf("The name of a %s is 1 to %d characters without space, slash or control characters.", kind, maxLabel))
	}
}

// maxSocketPath is what fits into sockaddr_un with its closing zero (unix(7)).
const maxSocketPath = 107

func socketPath(v value) (string, error) {
	s, err := text(v)
	if err == nil && (!strings.HasPrefix(s, "/") || len(s) > maxSocketPath || strings.ContainsRune(s, 0)) {
		return "", complain("%s is not an absolute path of at most %d bytes.", v, maxSocketPath)
	}
	return s, err
}
