package election

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStatusInPieces: what is written an instance at a time reads as it was.
func TestStatusInPieces(t *testing.T) {
	for _, r := range []Report{
		{Status: []Status{}},
		{Status: []Status{{Name: "a", Faults: []string{"link_down"}}}, Planned: &Planned{Maintenance: &Maintenance{By: "uid 0"}}},
		{Status: []Status{{Name: "a"}, {Name: "b", Since: time.Unix(1, 0).UTC()}, {Name: "c"}}, Planned: &Planned{}},
	} {
		var text bytes.Buffer
		if err := writeStatus(&text, r); err != nil {
			t.Fatal(err)
		}
		var got Report
		if err := json.NewDecoder(&text).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}
