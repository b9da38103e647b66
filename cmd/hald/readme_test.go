package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestReadmeFile: the cluster file of the README has its twelve lines, laid out, is valid for both
// directors, and moves the address as fast as the README says; what comes in the place of its
// tracker is as long as it says.
func TestReadmeFile(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(readme), "```hcl\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	if len(blocks) != 2 || strings.Count(blocks[0], "\n") != 12 || strings.Count(blocks[1], "\n") != 8 {
		t.Fatalf("not one file of 12 lines and 8 that follow: %q", blocks)
	}
	const tracker = "  track \"process\" \"nginx\" {}\n"
	if !strings.Contains(blocks[0], tracker) {
		t.Fatalf("nginx is not tracked:\n%s", blocks[0])
	}
	file, more := written(t, blocks[0]), written(t, strings.Replace(blocks[0], tracker, "", 1)+blocks[1])
	for path, what := range map[string]string{file: "(1 instance, 0 services)", more: "(1 instance, 1 service)"} {
		if code, out, errOut := hald(t, "check", "-c", path, "--all"); code != 0 || strings.Count(out, what) != 2 || errOut != "" {
			t.Errorf("hald check: exit code %d: %s %s", code, out, errOut)
		}
		if code, out, _ := hald(t, "fmt", "--check", path); code != 0 {
			t.Errorf("it is not laid out: %s", out)
		}
	}
	code, out, _ := hald(t, "simulate", "-c", file, "crash", "-o", "json")
	var got struct {
		Summary []struct {
			Longest float64 `json:"longest_without_owner_s"`
			Bound   float64 `json:"bound_s"`
		}
	}
	if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil || len(got.Summary) != 1 {
		t.Fatalf("hald simulate: exit code %d, %v: %s", code, err, out)
	}
	if it := got.Summary[0]; it.Longest <= 0 || it.Longest > it.Bound || it.Bound > 0.4 {
		t.Errorf("nobody has the address for %v s, and the bound is %v s", it.Longest, it.Bound)
	}
}
