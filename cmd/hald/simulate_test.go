package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSimulate(t *testing.T) {
	config := written(t, validConfig)
	folder := t.TempDir()
	scenario := filepath.Join(folder, "trouble")
	if err := os.WriteFile(scenario, []byte("at 2s crash lb1\nend 3s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(folder, "wrong")
	if err := os.WriteFile(wrong, []byte("at 2s crash lb1\nat 3s heel\nat 4s stop lb9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		code int
		out  string
		err  string
	}{
		{"built in", []string{"kill"}, 0, "scenario kill, seed 1,", ""},
		{"file", []string{scenario}, 0, "    2.000s  ---                 crash lb1\n", ""},
		{"file's owners", []string{scenario}, 0, "backup > master  master_silent (lb1, priority 150)\n", ""},
		{"mistakes", []string{wrong}, 1, "", wrong + ":2:7: \"heel\""},
		{"all mistakes", []string{wrong}, 1, "", wrong + ":3:12: there is no director \"lb9\""},
		{"no such", []string{"quake"}, 1, "", "there is no file quake, and no scenario of that name; there are crash, cut"},
		{"nothing", nil, 2, "", "hald: simulate lacks SCENARIO"},
		{"output", []string{"kill", "-o", "yaml"}, 2, "", "use text, json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, errOut := hald(t, append([]string{"simulate", "-c", config}, test.args...)...)
			if code != test.code || !strings.Contains(out, test.out) || !strings.Contains(errOut, test.err) || test.err == "" && errOut != "" {
				t.Errorf("exit code %d\n%s\n%s", code, out, errOut)
			}
		})
	}
	if code, _, errOut := hald(t, "simulate", "-c", written(t, validConfig+"x"), "kill"); code != 1 || !strings.Contains(errOut, "hald.hcl") {
		t.Errorf("an invalid configuration: exit code %d, %s", code, errOut)
	}
}

func TestSimulateJSON(t *testing.T) {
	var out bytes.Buffer
	root := newRoot(&app{out: &out, err: &bytes.Buffer{}})
	root.SetArgs([]string{"simulate", "-c", written(t, validConfig), "-o", "json", "--seed", "9", "-"})
	root.SetIn(strings.NewReader("at 2s crash lb1 # and stays\nend 10s\n"))
	if err := root.ExecuteContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Scenario string
		Seed     int
		End      float64 `json:"end_s"`
		History  []struct {
			At       float64 `json:"at_s"`
			Step     string
			Director string
			To       string
		}
		Summary []struct {
			Election string
			None     float64 `json:"without_owner_s"`
			Longest  float64 `json:"longest_without_owner_s"`
			Bound    float64 `json:"bound_s"`
			Owners   []string
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Scenario != "-" || got.Seed != 9 || got.End != 10 || len(got.History) != 5 || got.History[3].Step != "crash lb1" || got.History[4].Director != "lb2" || got.History[4].To != "master" {
		t.Errorf("%s", out.String())
	}
	s := got.Summary[0]
	if s.Election != "web" || s.None < 0.2 || s.None != s.Longest || s.None > s.Bound || s.Bound > 0.4 || len(s.Owners) != 1 || s.Owners[0] != "lb2" {
		t.Errorf("%s", out.String())
	}
}

// TestTheDocsQuoteASimulation as it is.
func TestTheDocsQuoteASimulation(t *testing.T) {
	page, err := os.ReadFile("../../docs/simulate.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, out, _ := hald(t, "simulate", "-c", "../../examples/tutorial.hcl", "pause"); !strings.Contains(string(page), "pause\n"+out+"```") {
		t.Errorf("docs/simulate.md quotes something else than\n%s", out)
	}
}
