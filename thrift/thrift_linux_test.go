package thrift

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"
)

// resident is how many pages of files, and of others, are mapped (proc_pid_statm(5)).
func resident(t *testing.T) (files, others int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, all int
	if _, err := fmt.Sscan(string(text), &size, &all, &files); err != nil {
		t.Fatal(err)
	}
	return files, all - files
}

// kept keeps the compiler from leaving an allocation out.
var kept []byte

// TestSave: garbage and what was used of the program go; the program goes on, and looks
// for garbage more often.
func TestSave(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	Spend()
	const garbage = 32 << 20
	kept = make([]byte, garbage)
	for i := range kept {
		kept[i] = 1
	}
	files, others := resident(t)
	kept = nil
	Save()
	filesAfter, othersAfter := resident(t)
	t.Logf("pages of files %d, then %d; others %d, then %d", files, filesAfter, others, othersAfter)
	if filesAfter >= files {
		t.Errorf("%d of %d pages of files are still mapped", filesAfter, files)
	}
	if freed := (others - othersAfter) * os.Getpagesize(); freed < garbage*3/4 {
		t.Errorf("%d bytes of garbage returned, of %d", freed, garbage)
	}
	if percent := debug.SetGCPercent(100); percent != saving {
		t.Errorf("afterwards garbage is looked for at %d %%", percent)
	}
}
