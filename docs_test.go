package hald_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeQuotesTheRecording: the table in the README is that of the recorded
// demonstration (`make demo RECORD=1`), whole and unchanged.
func TestReadmeQuotesTheRecording(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	record, err := os.ReadFile("docs/demo.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(record), "\nseen from")
	if !found || strings.Count(table, "held") < 9 || strings.Contains(table, "BROKEN") {
		t.Fatalf("docs/demo.txt ends without a table of bounds that held:\n%s", table)
	}
	if !strings.Contains(string(readme), "\nseen from"+strings.TrimRight(table, "\n")+"\n```") {
		t.Errorf("the README does not quote docs/demo.txt:\nseen from%s", table)
	}
}
