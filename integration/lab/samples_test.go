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

func TestTheClientsOwnStallIsNoGap(t *testing.T) {
	stalled := served(220, 221) // 180 ms behind the rhythm
	stalled.Late = 180 * time.Millisecond
	s := Samples{served(0, 1), served(20, 21), stalled, served(240, 241)}
	if got, want := s.LongestGap().Length(), 20*time.Millisecond; got != want {
		t.Errorf("longest gap %v, want %v", got, want)
	}
	if got := s.gap(at(21), at(221)).Blind; got != stalled.Late {
		t.Errorf("blind for %v, want %v", got, stalled.Late)
	}
}
