package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// watchEvery is how often what is watched is asked for.
const watchEvery = time.Second

// watch shows a text, and then what it has become, until ctx ends. A daemon
// that does not answer is told of, and asked again.
func (a *app) watch(ctx context.Context, text string, next func(context.Context) (string, error)) error {
	var shown interface {
		show(text, trouble string) error
	} = roll{a.out}
	if terminal(a.out) {
		s := newScreen(a.out)
		defer s.close()
		shown = s
	}
	beat := time.NewTicker(watchEvery)
	defer beat.Stop()
	heard, trouble := time.Now(), ""
	for {
		if err := shown.show(text, trouble); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		switch now, err := next(ctx); {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			trouble = fmt.Sprintf("NO NEWS for %s: %v", age(time.Since(heard)), err)
		default:
			text, trouble, heard = now, "", time.Now()
		}
	}
}

// roll shows one text after the other.
type roll struct{ out io.Writer }

func (r roll) show(text, trouble string) error {
	if trouble != "" {
		text = trouble + "\n"
	}
	_, err := fmt.Fprint(r.out, text)
	return err
}

// What a terminal is told (ECMA-48, and the private modes of DEC and xterm).
const (
	takeScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l" // another page, no cursor, long lines are cut
	giveBack   = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	toTheTop   = "\x1b[H"
	restOfLine = "\x1b[K"
	restOfPage = "\x1b[J"
)

// screen shows each text in the place of the last.
type screen struct {
	out  io.Writer
	rows func() int // of the terminal; 0: nobody knows
}

func newScreen(out io.Writer) screen {
	s := screen{out, func() int {
		if file, ok := out.(*os.File); ok {
			if _, rows, err := term.GetSize(int(file.Fd())); err == nil {
				return rows
			}
		}
		return 0
	}}
	fmt.Fprint(out, takeScreen)
	return s
}

func (s screen) close() { fmt.Fprint(s.out, giveBack) }

// show draws without erasing first, so that nothing flickers. What has no room at the
// bottom is counted.
func (s screen) show(text, trouble string) error {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if trouble != "" {
		all = append([]string{trouble}, all...)
	}
	if rows := s.rows(); rows > 1 && len(all) > rows {
		all = append(all[:rows-1:rows-1], fmt.Sprintf("… and %d lines more", len(all)-rows+1))
	}
	_, err := io.WriteString(s.out, toTheTop+strings.Join(all, restOfLine+"\r\n")+restOfLine+restOfPage)
	return err
}
