package director

import (
	"testing"

	"github.com/hald-project/hald/election"
)

func TestSummary(t *testing.T) {
	list := func(states ...string) (l []election.Status) {
		for i, state := range states {
			l = append(l, election.Status{Name: string(rune('a' + i)), State: state})
		}
		return l
	}
	for _, test := range []struct {
		states []string
		trial  bool
		want   string
	}{
		{nil, false, ""},
		{[]string{"master"}, false, "master: a"},
		{[]string{"init", "fault", "backup", "master", "backup"}, false, "master: d; backup: c, e; fault: b; init: a"},
		{[]string{"master", "master", "master", "master", "master", "master", "master"}, false, "master: a, b, c, d, e, 2 more"},
		{[]string{"backup"}, true, "backup: a; a trial: nothing of it is done"},
	} {
		if got := summary(list(test.states...), test.trial); got != test.want {
			t.Errorf("%v: %q, want %q", test.states, got, test.want)
		}
	}
}
