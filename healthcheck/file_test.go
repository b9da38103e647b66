package healthcheck

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "switch")
	verify(t, (&File{Path: path}).Check(t.Context()), "there is no such file")
	for text, want := range map[string]string{"0\n": "", "1": "the file says 1", " -7 ": "the file says -7", "": "not an integer", "no": "not an integer"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		verify(t, (&File{Path: path}).Check(t.Context()), want)
	}
	verify(t, (&File{Path: filepath.Dir(path)}).Check(t.Context()), "not a regular file")
}
