package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// longest bounds every time in a scenario: a day at 10 ms is 8.6 million adverts of
// each master.
const longest = 24 * time.Hour

// Scenario is what happens to the directors, and when. All start at 0s.
type Scenario struct {
	Name  string
	Steps []Step
	End   time.Duration // 0: when everything has come to rest after the last step
}

// Step is one line of a scenario.
type Step struct {
	At   time.Duration
	Text string // as written

	verb     string
	director string // the one it happens to, or the sender on a link
	to       string // the receiver on a link
	oneWay   bool
	length   time.Duration // 0: none given
	share    float64       // of lost packets, 0–1
}

// verbs are the things that can happen, with what follows each of them.
var verbs = map[string]func(*line, *Step) error{
	"kill":     (*line).who,
	"crash":    (*line).who,
	"stop":     (*line).who,
	"start":    (*line).who,
	"fault":    (*line).who,
	"repair":   (*line).who,
	"takeback": (*line).who,
	"pause":    (*line).whoAndLength,
	"handover": (*line).whoAndPerhapsLength,
	"cut":      (*line).link,
	"loss":     (*line).linkAndShare,
	"heal":     func(*line, *Step) error { return nil },
}

// Parse reads a scenario. The error has a line for every mistake, each with name,
// line and column.
func Parse(name, text string, directors []string) (Scenario, error) {
	s := Scenario{Name: name}
	var mistakes []error
	number := 0
	for row := range strings.Lines(text) {
		number++
		l := &line{name: name, number: number, directors: directors, words: words(row)}
		if len(l.words) == 0 {
			continue
		}
		if err := l.read(&s); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	slices.SortStableFunc(s.Steps, func(a, b Step) int { return int(a.At - b.At) })
	if n := len(s.Steps); s.End > 0 && n > 0 && s.Steps[n-1].At > s.End {
		mistakes = append(mistakes, fmt.Errorf("%s: %q comes after the end at %v", name, s.Steps[n-1].Text, s.End))
	}
	return s, errors.Join(mistakes...)
}

// word is a part of a line between blanks.
type word struct {
	text   string
	column int // of its first character, from 1
}

// words splits a line; what follows # is a remark.
func words(row string) (list []word) {
	row, _, _ = strings.Cut(row, "#")
	column, inside := 0, false
	for _, c := range row {
		column++
		if unicode.IsSpace(c) {
			inside = false
			continue
		}
		if !inside {
			list = append(list, word{column: column})
			inside = true
		}
		list[len(list)-1].text += string(c)
	}
	return list
}

// line is one line that is being read.
type line struct {
	name      string
	number    int
	directors []string
	words     []word
	next      int
}

func (l *line) mistake(at word, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", l.name, l.number, at.column, fmt.Sprintf(format, args...))
}

// take is the next word; what says what it should be.
func (l *line) take(what string) (word, error) {
	if l.next == len(l.words) {
		last := l.words[len(l.words)-1]
		last.column += len([]rune(last.text))
		return word{}, l.mistake(last, "here should be %s", what)
	}
	l.next++
	return l.words[l.next-1], nil
}

// read reads the whole line.
func (l *line) read(s *Scenario) error {
	first, _ := l.take("at")
	switch first.text {
	case "end":
		end, err := l.duration("when it ends, such as 60s")
		if err != nil {
			return err
		}
		s.End = end
	case "at":
		step := Step{}
		at, err := l.duration("when it happens, such as 5s")
		if err != nil {
			return err
		}
		step.At = at
		verb, err := l.take("what happens: " + strings.Join(known(), ", "))
		if err != nil {
			return err
		}
		arguments := verbs[verb.text]
		if arguments == nil {
			return l.mistake(verb, "%q is nothing that can happen; what can: %s", verb.text, strings.Join(known(), ", "))
		}
		step.verb = verb.text
		if err := arguments(l, &step); err != nil {
			return err
		}
		var text []string
		for _, w := range l.words[2:l.next] {
			text = append(text, w.text)
		}
		step.Text = strings.Join(text, " ")
		s.Steps = append(s.Steps, step)
	default:
		return l.mistake(first, "%q: a line begins with \"at TIME\" or \"end TIME\"", first.text)
	}
	if l.next < len(l.words) {
		return l.mistake(l.words[l.next], "%q is too much", l.words[l.next].text)
	}
	return nil
}

func known() (list []string) {
	for v := range verbs {
		list = append(list, v)
	}
	slices.Sort(list)
	return list
}

func (l *line) duration(what string) (time.Duration, error) {
	w, err := l.take(what)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(w.text)
	if err != nil || d < 0 || d > longest {
		return 0, l.mistake(w, "%q is no time from 0s to %v; write 300ms, 5s, 2m", w.text, longest)
	}
	return d, nil
}

func (l *line) director(w word, name string) (string, error) {
	if !slices.Contains(l.directors, name) {
		return "", l.mistake(w, "there is no director %q; there are %s", name, strings.Join(l.directors, ", "))
	}
	return name, nil
}

func (l *line) who(s *Step) error {
	w, err := l.take("a director")
	if err == nil {
		s.director, err = l.director(w, w.text)
	}
	return err
}

func (l *line) whoAndLength(s *Step) error {
	err := l.who(s)
	if err == nil {
		s.length, err = l.duration("for how long, such as 7s")
	}
	return err
}

// whoAndPerhapsLength is "lb1" or "lb1 for 10s".
func (l *line) whoAndPerhapsLength(s *Step) error {
	if err := l.who(s); err != nil || l.next == len(l.words) {
		return err
	}
	w, _ := l.take("for")
	if w.text != "for" {
		return l.mistake(w, "%q should be \"for\" and a length of time", w.text)
	}
	var err error
	s.length, err = l.duration("for how long, such as 10m")
	return err
}

// link is "lb1 lb2", both ways, or "lb1->lb2".
func (l *line) link(s *Step) error {
	w, err := l.take("two directors, as in \"lb1 lb2\" or \"lb1->lb2\"")
	if err != nil {
		return err
	}
	from, to, oneWay := strings.Cut(w.text, "->")
	at := w
	if oneWay {
		at.column += len([]rune(from)) + len("->")
	} else {
		if at, err = l.take("the director at the other end"); err != nil {
			return err
		}
		to = at.text
	}
	s.oneWay = oneWay
	if s.director, err = l.director(w, from); err != nil {
		return err
	}
	if s.to, err = l.director(at, to); err != nil {
		return err
	}
	if s.director == s.to {
		return l.mistake(at, "a link has two ends")
	}
	return nil
}

func (l *line) linkAndShare(s *Step) error {
	if err := l.link(s); err != nil {
		return err
	}
	w, err := l.take("how much is lost, such as 30%")
	if err != nil {
		return err
	}
	digits, percent := strings.CutSuffix(w.text, "%")
	share, err := strconv.ParseFloat(digits, 64)
	if !percent || err != nil || !(share >= 0 && share <= 100) {
		return l.mistake(w, "%q is no share from 0%% to 100%%", w.text)
	}
	s.share = share / 100
	return nil
}
