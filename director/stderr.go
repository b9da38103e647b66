package director

import (
	"bytes"
	"strings"
)

// stderrKept is how much of a worker's standard error is kept, in bytes.
const stderrKept = 8 << 10

// lastWords takes a worker's standard error. It never refuses a write, so
// that a dying worker is never held up, and keeps the end of it; from a crash
// report on, the beginning of that, which says what went wrong.
type lastWords struct {
	kept    []byte
	crashed bool // kept begins with a crash report
}

// crashMarks begin the first line of what the Go runtime says when it gives up.
var crashMarks = [][]byte{[]byte("panic: "), []byte("fatal error: "), []byte("SIG")}

func (w *lastWords) Write(p []byte) (int, error) {
	w.kept = append(w.kept, p...)
	if !w.crashed {
		if at := crash(w.kept); at >= 0 {
			w.kept, w.crashed = w.kept[at:], true
		}
	}
	if over := len(w.kept) - stderrKept; over > 0 {
		if w.crashed {
			w.kept = w.kept[:stderrKept]
		} else {
			w.kept = append([]byte(nil), w.kept[over:]...)
		}
	}
	return len(p), nil
}

// crash finds the line that begins a crash report; -1: none.
func crash(text []byte) int {
	for at := 0; at < len(text); {
		for _, mark := range crashMarks {
			if bytes.HasPrefix(text[at:], mark) {
				return at
			}
		}
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		at += end + 1
	}
	return -1
}

// String is what is worth reporting: of a crash the message and the place, else
// the last lines.
func (w *lastWords) String() string {
	const few = 8
	lines := strings.Split(strings.TrimSpace(string(w.kept)), "\n")
	if len(lines) > few {
		if w.crashed {
			lines = lines[:few]
		} else {
			lines = lines[len(lines)-few:]
		}
	}
	return strings.Join(lines, "\n")
}
