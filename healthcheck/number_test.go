package healthcheck

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestNumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offset")
	c := &Number{Path: path, Min: -253, Max: 253}
	for _, tt := range []struct {
		text string
		n    int
		err  string
	}{
		{"-20\n", -20, ""}, {" 7 ", 7, ""}, {"+5", 5, ""}, {"0", 0, ""},
		{"", 0, "not an integer"}, {"12 apples", 0, "not an integer"}, {"1.5", 0, "not an integer"},
		{"254", 0, "254 is not -253 to 253"}, {strings.Repeat("9", 100000), 0, "not an integer"},
	} {
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := c.Measure(t.Context())
		text := ""
		if err != nil {
			text = err.Error()
		}
		if n != (Reading{Value: tt.n, Found: tt.err == ""}) || text != tt.err {
			t.Errorf("%.20q: %+v, %q; want %d, %q", tt.text, n, text, tt.n, tt.err)
		}
	}
	os.Remove(path)
	if n, err := c.Measure(t.Context()); n != found(0) || err != nil {
		t.Errorf("missing: %+v, %v", n, err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, t.TempDir()} {
		if err := (&Number{Path: path}).Check(t.Context()); err == nil || isLocal(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
