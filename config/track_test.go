package config

import (
	"slices"
	"testing"
)

// TestEveryCheckTracks: what can check a server can decide who is master, with
// the same attributes.
func TestEveryCheckTracks(t *testing.T) {
	for kind, check := range checkGrammar.kinds {
		if kind == "none" || kind == "file" { // a tracked file adds its number instead
			continue
		}
		track := trackGrammar.kinds[kind]
		if track == nil {
			t.Errorf("there is no track %q", kind)
			continue
		}
		for _, name := range check.attributes {
			if name != "dynamic_weight" && !slices.Contains(weightAttributes, name) && !slices.Contains(track.attributes, name) { // of a server
				t.Errorf("track %q does not know %q", kind, name)
			}
		}
	}
}
