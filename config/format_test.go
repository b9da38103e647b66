package config

import (
	"bytes"
	"path/filepath"
	"testing"
)

// TestFormatChangesNoMeaning: every configuration there is means the same when it is
// laid out, line by line, and once is enough.
func TestFormatChangesNoMeaning(t *testing.T) {
	t.Setenv("HALD_TEST_SECRET", secretValue)
	for _, path := range append(cases(t, "testdata/valid"), "../../../examples") {
		path = filepath.Join("testdata/valid", path)
		files, diags := Format(path)
		if diags.HasErrors() {
			if filepath.Ext(path) != ".json" {
				t.Errorf("%s is refused:\n%s", path, rendered(t, diags))
			}
			continue
		}
		for _, file := range files {
			if bytes.Count(file.Was, []byte("\n")) != bytes.Count(file.Is, []byte("\n")) {
				t.Errorf("%s: lines come or go", file.Name)
			}
			if was, is := words(file.Was), words(file.Is); !bytes.Equal(was, is) {
				t.Errorf("%s: more than space changes:\n%s\n%s", file.Name, was, is)
			}
			again, diags := FormatText(file.Name, file.Is)
			if diags.HasErrors() || again.Changed() {
				t.Errorf("%s: the layout has another one:\n%s", file.Name, again.Is)
			}
		}
	}
}

// words is a text without space.
func words(text []byte) []byte { return bytes.Join(bytes.Fields(text), nil) }

// TestExamplesAreLaidOut: what people copy is laid out as hald does it.
func TestExamplesAreLaidOut(t *testing.T) {
	files, diags := Format("../examples")
	if diags.HasErrors() || len(files) < 5 {
		t.Fatalf("%d files:\n%s", len(files), rendered(t, diags))
	}
	for _, file := range files {
		if file.Changed() {
			t.Errorf("%s: want\n%s", file.Name, file.Is)
		}
	}
}
