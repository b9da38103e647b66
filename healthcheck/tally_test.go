package healthcheck

import (
	"testing"

	"pgregory.net/rapid"
)

// run feeds one letter a result: + pass, - failure; it answers with the
// verdict after each: ? unknown, U up, D down, lower case while unsettled.
func run(rise, fall int, results string) string {
	tally := Tally{Rise: rise, Fall: fall}
	var story []byte
	for _, r := range results {
		tally.Add(r == '+')
		letter := "?UD"[tally.Verdict()]
		if !tally.Settled() {
			letter |= 0x20
		}
		story = append(story, letter)
	}
	return string(story)
}

func TestTally(t *testing.T) {
	tests := []struct {
		name       string
		rise, fall int
		results    string
		want       string
	}{
		{"the first pass decides", 2, 3, "+", "U"},
		{"the first failure decides", 2, 3, "-", "D"},
		{"fall in a row take it down", 2, 3, "+---", "UuuD"},
		{"a pass between starts the count again", 2, 3, "+--+--", "UuuUuu"},
		{"rise in a row bring it back", 2, 3, "-++", "DdU"},
		{"a failure between starts the count again", 3, 1, "-++-++", "DddDdd"},
		{"rise and fall of one follow every result", 1, 1, "+-+-", "UDUD"},
		{"below one counts as one", 0, -1, "+-+", "UDU"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := run(tt.rise, tt.fall, tt.results); got != tt.want {
				t.Errorf("results %s: got %s, want %s", tt.results, got, tt.want)
			}
		})
	}
}

// The verdict after the first result differs from the one before only where
// the last rise (or fall) results agree, and always where they do.
func TestTallyFollowsTheLastResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tally := Tally{Rise: rapid.IntRange(1, 5).Draw(t, "rise"), Fall: rapid.IntRange(1, 5).Draw(t, "fall")}
		results := rapid.SliceOfN(rapid.Bool(), 1, 60).Draw(t, "results")
		streak := 0
		for i, pass := range results {
			if i > 0 && results[i-1] == pass {
				streak++
			} else {
				streak = 1
			}
			before := tally.Verdict()
			changed := tally.Add(pass)
			says, needed := Down, tally.Fall
			if pass {
				says, needed = Up, tally.Rise
			}
			if changed != (before != tally.Verdict()) {
				t.Fatalf("result %d: changed is %v, verdict %v then %v", i, changed, before, tally.Verdict())
			}
			if (streak >= needed || before == Unknown) && tally.Verdict() != says {
				t.Fatalf("result %d: %v after %d results that say %v", i, tally.Verdict(), streak, says)
			}
			if changed && before != Unknown && streak < needed {
				t.Fatalf("result %d: changed after only %d of %d", i, streak, needed)
			}
		}
	})
}
