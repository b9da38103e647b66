package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSafeProgram: by ways that others could change, nothing is run.
func TestSafeProgram(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test gives files to another user: run it as root")
	}
	top := t.TempDir()
	make := func(name string, mode os.FileMode, owner int) string {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, owner, 0); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		return path
	}
	good := make("good", 0o755, 0)
	open := make("open/program", 0o755, 0)
	strangers := make("strangers/program", 0o755, 0)
	sticky := make("sticky/program", 0o755, 0)
	for _, err := range []error{
		os.Chmod(filepath.Dir(open), 0o777),
		os.Chown(filepath.Dir(strangers), 1000, 0),
		os.Chmod(filepath.Dir(sticky), 0o777|os.ModeSticky),
		os.Symlink(good, filepath.Join(top, "link")),
		os.Symlink(open, filepath.Join(top, "link-to-open")),
		os.Symlink(good, filepath.Join(top, "open/link")),
		os.Symlink("/nonexistent", filepath.Join(top, "dangling")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		good:                               "",
		sticky:                             "",
		filepath.Join(top, "link"):         "",
		filepath.Join(top, "missing"):      "there is no such file",
		filepath.Join(top, "dangling"):     "there is no such file",
		filepath.Join(good, "below"):       "not a directory",
		make("plain", 0o644, 0):            "it is not executable",
		top:                                "it is not a file",
		make("for-the-group", 0o775, 0):    "others can write to it",
		make("for-all", 0o757, 0):          "others can write to it",
		make("somebody's", 0o755, 1000):    "it belongs to another user than root and the daemon's",
		open:                               "others can write to the folder " + filepath.Dir(open),
		filepath.Join(top, "link-to-open"): "others can write to the folder " + filepath.Dir(open),
		filepath.Join(top, "open/link"):    "others can write to the folder " + filepath.Dir(open),
		strangers:                          "the folder " + filepath.Dir(strangers) + " belongs to another user than root and the daemon's",
	} {
		got := ""
		if err := safeProgram(path); err != nil {
			got = err.Error()
		}
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
