package director

import (
	"fmt"
	"strings"
	"testing"
)

func TestLastWords(t *testing.T) {
	noise := strings.Repeat("a line of no importance\n", 2000)
	stack := strings.Repeat("\truntime/frame.go:1 +0x1\n", 2000)
	for _, test := range []struct {
		name string
		said []string
		want string // how it begins
		ends string // how it ends
		no   string // not in it
	}{
		{"nothing", nil, "", "", ""},
		{"one line", []string{"hald: no such interface\n"}, "hald: no such interface", "interface", ""},
		{"the end of much", []string{noise, "the last line\n"}, "", "the last line", ""},
		{"a panic after noise", []string{noise, "panic: boom\n\ngoroutine 1 [running]:\n", stack},
			"panic: boom\n\ngoroutine 1 [running]:", "", "importance"},
		{"a panic in pieces", []string{"noise\npan", "ic: bo", "om\n"}, "panic: boom", "boom", "noise"},
		{"a fatal error", []string{"fatal error: concurrent map writes\n", stack}, "fatal error: concurrent map writes", "", ""},
		{"panic inside a line is no crash", []string{"do not panic: all is well\nsecond\n"}, "do not panic", "second", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := new(lastWords)
			for _, s := range test.said {
				if n, err := fmt.Fprint(w, s); n != len(s) || err != nil {
					t.Fatalf("a write was refused: %d, %v", n, err)
				}
			}
			got := w.String()
			if !strings.HasPrefix(got, test.want) || !strings.HasSuffix(got, test.ends) {
				t.Errorf("got %q", got)
			}
			if test.no != "" && strings.Contains(got, test.no) {
				t.Errorf("%q is in %q", test.no, got)
			}
			if len(w.kept) > stderrKept {
				t.Errorf("%d bytes kept", len(w.kept))
			}
		})
	}
}
