package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hald-project/hald/config/golden"
)

// cases are the entries of a testdata folder that are no golden files: single
// files and folders of files.
func cases(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".golden") {
			names = append(names, e.Name())
		}
	}
	return names
}

const secretValue = "s3cr3t-t0ken"

func rendered(t *testing.T, d Diagnostics) string {
	t.Helper()
	var out strings.Builder
	if err := d.WriteText(&out, 100, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestValid(t *testing.T) {
	t.Setenv("HALD_TEST_SECRET", secretValue)
	for _, name := range cases(t, "testdata/valid") {
		t.Run(name, func(t *testing.T) {
			all, diags := LoadAll(filepath.Join("testdata/valid", name))
			if diags.HasErrors() {
				t.Fatalf("refused:\n%s", rendered(t, diags))
			}
			for _, c := range all {
				c.Hash = "" // changes with every comment
			}
			text, err := json.MarshalIndent(all, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata/valid", name+".golden"), string(text)+"\n"+rendered(t, diags))
		})
	}
}

func TestInvalid(t *testing.T) {
	t.Setenv("HALD_TEST_SECRET", secretValue)
	for _, name := range cases(t, "testdata/invalid") {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata/invalid", name)
			c, diags := Load(path, "lb1")
			if !diags.HasErrors() || c != nil {
				t.Fatal("not refused")
			}
			text := rendered(t, diags)
			if strings.Contains(text, secretValue) {
				t.Error("the secret is in the messages")
			}
			golden.Compare(t, path+".golden", text)
			all, allDiags := LoadAll(path)
			if all != nil || !allDiags.HasErrors() {
				t.Error("not refused for all directors")
			}
		})
	}
}
