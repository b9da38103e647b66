package convert

import (
	"os/exec"
	"testing"
)

// TestProgramsArePicked runs the shell before a program as hald does: it picks the
// instance and the state, and the program gets its own arguments and those of keepalived.
func TestProgramsArePicked(t *testing.T) {
	r := &reader{Report: &Report{}, names: map[string]string{}}
	read := func(key string) []string {
		s := &statement{words: []word{{key, false}, {"/bin/echo 'a b' c", true}}}
		if !r.ofState(s, "it's", "INSTANCE", "it's") {
			t.Fatalf("%s is not read", key)
		}
		args, _, _ := r.command(s)
		before := filled("$HALD_INSTANCE/$HALD_TO", "it's/"+states[key], "")
		if key == "notify" {
			before = filled("$HALD_INSTANCE", "it's", keepalivedArguments("INSTANCE", "it's"))
		}
		return append([]string{"-c", before}, args...)
	}
	for _, test := range []struct {
		key, instance, to, want string
	}{
		{"notify_master", "it's", "master", "a b c\n"},
		{"notify_master", "it's", "backup", ""},
		{"notify_master", "other", "master", ""},
		{"notify_stop", "it's", "init", "a b c\n"},
		{"notify", "it's", "fault", "a b c INSTANCE it's FAULT 0\n"},
		{"notify", "it's", "init", "a b c INSTANCE it's STOP 0\n"},
		{"notify", "other", "fault", ""},
	} {
		command := exec.Command("/bin/sh", read(test.key)...)
		command.Env = []string{"HALD_INSTANCE=" + test.instance, "HALD_TO=" + test.to, "PATH=/usr/bin:/bin"}
		out, err := command.CombinedOutput()
		if err != nil || string(out) != test.want {
			t.Errorf("%s of %s %s: %q, %v, want %q", test.key, test.instance, test.to, out, err, test.want)
		}
	}
	if len(r.notifiers) != 7 {
		t.Errorf("%d notifiers", len(r.notifiers))
	}
}
