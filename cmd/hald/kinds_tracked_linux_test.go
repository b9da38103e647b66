package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// weights are the attributes that a check has and a tracker has not: to a check a
// command says a weight, to a tracker that all is well.
var weights = regexp.MustCompile(`(?m)^\s*(weight_body|weight_header|dynamic_weight) .*$`)

// trackable tells whether a tracker can be of the kind and fail: one of a file is a number.
func (k kindOfCheck) trackable() bool { return k.kind != "file" && k.name != "load" }

// onTrack is what a tracker says first that has failed: a command is told of no server,
// and the name server that lies comes after a moment without one.
func (k kindOfCheck) onTrack() string {
	switch k.kind {
	case "dns":
		return "(" + k.broken + "|port unreachable: nobody listens there)"
	case "grpc", "smtp": // it may have died while it was asked
		return "(" + k.broken + "|.*(connection reset by peer|broken pipe|EOF|closed).*)"
	}
	return strings.Replace(k.broken, "10.99.0.11:3", ":", 1)
}

// tracks are the same probes as trackers of the instance, each with a weight of one.
func tracks() string {
	var text strings.Builder
	for _, k := range kinds {
		target := ""
		if attributes := k.attributes; !strings.Contains(attributes, "address ") && !strings.Contains(attributes, "url ") && k.kind != "exec" {
			target = fmt.Sprintf("address = \"10.99.0.11\"\n    port = %s", k.port)
		}
		if k.trackable() {
			fmt.Fprintf(&text, "  track %q %q {\n    interval = \"400ms\"\n    timeout = \"400ms\"\n    fall = 1\n    rise = 1\n    weight = -1\n    %s\n%s\n  }\n",
				k.kind, k.name, target, strings.Replace(weights.ReplaceAllString(k.attributes, ""), "/weight", "/order", 1))
		}
	}
	return text.String()
}

// others are the trackers of the instance that are not in a state.
func (s *site) others(state string) (names []string) {
	trackers := s.status().VRRPInstances[0].Trackers
	for _, t := range trackers {
		if t.State != state {
			names = append(names, fmt.Sprintf("%+v", t))
		}
	}
	if len(trackers) == 0 {
		return []string{"none is known"}
	}
	return names
}

// allTracked waits until every tracker is in a state.
func (s *site) allTracked(state string) {
	s.t.Helper()
	end := time.Now().Add(time.Minute)
	for left := s.others(state); len(left) > 0; left = s.others(state) {
		if time.Now().After(end) {
			s.t.Fatalf("not %s: %q", state, left)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
