package lab

import (
	"errors"
	"testing"
	"time"
)

var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

func served(sent, done int) Sample { return Sample{Sent: at(sent), Done: at(done), Server: "web1"} }

func lost(sent, done int) Sample {
	return Sample{Sent: at(sent), Done: at(done), Err: errors.New("timeout")}
}

func TestLongestGap(t *testing.T) {
	for _, c := range []struct {
		name     string
		samples  Samples
		from, to int
		failed   int
		open     bool
	}{
		{"steady", Samples{served(0, 1), served(20, 21), served(40, 41)}, 1, 21, 0, false},
		{"one lost", Samples{served(0, 1), lost(20, 520), served(40, 41)}, 1, 41, 1, false},
		{"served late", Samples{served(0, 1), served(20, 121), served(40, 122)}, 1, 121, 0, false},
		{"two gaps", Samples{served(0, 1), lost(20, 520), served(40, 41), lost(60, 560), lost(80, 580), served(100, 101)}, 41, 101, 2, false},
		{"never again", Samples{served(0, 1), lost(20, 520), lost(40, 540)}, 1, 540, 2, true},
		{"the last one lost", Samples{served(0, 1), served(20, 21), lost(40, 540)}, 21, 540, 1, true},
		{"never at all", Samples{lost(0, 500), lost(20, 520)}, 0, 520, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.samples.LongestGap()
			if want := (Gap{From: at(c.from), To: at(c.to), Failed: c.failed, Open: c.open}); got != want {
				t.Errorf("got %v–%v, %d failed; want %d–%d, %d failed",
					got.From.Sub(epoch), got.To.Sub(epoch), got.Failed, c.from, c.to, c.failed)
			}
		})
	}
}

func TestFailingSpansWhatWasServedBetween(t *testing.T) {
	s := Samples{served(0, 1), lost(20, 21), served(40, 41), served(60, 61), lost(80, 81), served(100, 101)}
	if got, want := s.Failing(), 60*time.Millisecond; got != want {
		t.Errorf("Failing() = %v, want %v", got, want)
	}
	if got := s.Between(at(20), at(80)).Failed(); got != 1 {
		t.Errorf("Failed() between 20 and 80 ms = %d, want 1", got)
	}
}

func TestWhatTheControlMissesTooIsNoGap(t *testing.T) {
	prompt := func(sample Sample) Sample {
		sample.Due, sample.Control = sample.Sent, sample.Sent.Add(2*time.Millisecond)
		return sample
	}
	idle := func(ms int, sample Sample) Sample {
		sample.Idle = time.Duration(ms) * time.Millisecond
		return sample
	}
	slow := func(due, sent, done, control int) Sample {
		return Sample{Due: at(due), Sent: at(sent), Done: at(done), Control: at(control)}
	}
	for _, c := range []struct {
		name    string
		samples Samples
		blind   int
	}{
		{"quick controls", Samples{prompt(served(0, 1)), prompt(lost(20, 520)), prompt(served(200, 201))}, 0},
		{"the machine stood still", Samples{prompt(served(0, 1)), slow(20, 200, 201, 201)}, 181},
		{"a delay is counted once", Samples{prompt(served(0, 1)), slow(20, 21, 200, 100), slow(40, 41, 201, 90), slow(80, 81, 202, 140)}, 120},
		{"only what is in the gap", Samples{slow(0, 0, 50, 100), slow(150, 150, 201, 230)}, 50 + 51},
		{"beats left out", Samples{prompt(served(0, 1)), prompt(idle(150, served(200, 201)))}, 150},
		{"beats left out, then a delay", Samples{prompt(served(0, 1)), idle(150, slow(200, 210, 260, 250))}, 150 + 50},
		{"the control's server is dead", Samples{served(0, 1), served(200, 201)}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			longest := c.samples.LongestGap()
			if got, want := longest.Blind, time.Duration(c.blind)*time.Millisecond; got != want {
				t.Errorf("blind for %v of %v, want %v", got, longest.Elapsed(), want)
			}
		})
	}
}

// TestAnOutageIsNotShortenedByStalls: between two requests that surely failed,
// the service was out whatever the machine did.
func TestAnOutageIsNotShortenedByStalls(t *testing.T) {
	sure := func(sent int) Sample {
		sample := lost(sent, sent+500)
		sample.Due, sample.Control = sample.Sent, sample.Sent.Add(time.Millisecond)
		return sample
	}
	stalled := Sample{Due: at(40), Sent: at(40), Done: at(540), Err: errors.New("timeout"), Control: at(420)}
	s := Samples{served(0, 1), sure(20), stalled, sure(440), sure(460), served(480, 481)}
	if got, want := s.LongestGap().Length(), 440*time.Millisecond; got != want {
		t.Errorf("longest gap %v, want %v", got, want)
	}
}

func TestLostIsWhatTheControlDidNotMiss(t *testing.T) {
	prompt, late, never := lost(20, 520), lost(40, 540), lost(60, 560)
	prompt.Due, prompt.Control = prompt.Sent, prompt.Sent.Add(2*time.Millisecond)
	late.Due, late.Control = late.Sent, late.Sent.Add(200*time.Millisecond)
	if got := (Samples{served(0, 1), prompt, late, never}).Lost(); got != 1 {
		t.Errorf("Lost() = %d, want 1", got)
	}
}
