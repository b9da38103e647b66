//go:build linux

package main

import "testing"

func TestRenewReplacesTheFiguresOnly(t *testing.T) {
	page := "words\n" + markBegin + "old\n" + markEnd + "more words\n"
	once, err := renew(page, "new\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := "words\n" + markBegin + "\nnew\n" + markEnd + "more words\n"; once != want {
		t.Errorf("got %q, want %q", once, want)
	}
	if twice, _ := renew(once, "new\n"); twice != once {
		t.Errorf("a second time: %q, want %q", twice, once)
	}
}

func TestRenewWantsItsMarks(t *testing.T) {
	for _, page := range []string{"", markBegin, markEnd, markEnd + markBegin} {
		if got, err := renew(page, "new\n"); err == nil {
			t.Errorf("%q was renewed to %q", page, got)
		}
	}
}
