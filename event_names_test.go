package hald_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// emitted is an event where it is made.
var emitted = regexp.MustCompile(`event\.Event\{\s*Name: "([^"]+)"`)

// TestEveryEventIsInTheVocabulary: one that is not would be a line of level info
// with its name for a message.
func TestEveryEventIsInTheVocabulary(t *testing.T) {
	vocabulary, err := os.ReadFile("event/names.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range emitted.FindAllSubmatch(text, -1) {
			name := string(m[1])
			if seen++; !strings.HasSuffix(name, ".") && !strings.Contains(string(vocabulary), "\""+name+"\":") {
				t.Errorf("%s makes %s, which event/names.go does not have", path, name)
			}
		}
		return err
	})
	if err != nil || seen < 20 {
		t.Errorf("%d events found: %v", seen, err)
	}
}
