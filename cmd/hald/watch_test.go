package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestScreenIsDrawnInPlace(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	s.rows = func() int { return 3 }
	s.show("one\ntwo\n", "")
	s.show("one\ntwo\nthree\nfour\n", "NO NEWS")
	s.close()
	want := takeScreen + "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J" +
		"\x1b[HNO NEWS\x1b[K\r\none\x1b[K\r\n… and 3 lines more\x1b[K\x1b[J" + giveBack
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without a terminal one status follows the other; a daemon that is away is told of.
func TestWatchGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		n := 0
		err := (&app{out: &out}).watch(ctx, "first\n", func(context.Context) (string, error) {
			if n++; n == 2 {
				return "", errors.New("no daemon answers")
			}
			return "again\n", nil
		})
		if want := "first\nagain\nNO NEWS for 1s: no daemon answers\nagain\n"; err != nil || out.String() != want {
			t.Errorf("%v: %q, want %q", err, out.String(), want)
		}
	})
}
