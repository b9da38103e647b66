package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hald-project/hald/admin"
)

// TestNamesAreCompleted: a shell that asks is told what the daemon has, and nothing where
// none answers.
func TestNamesAreCompleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hald.sock")
	socket, err := admin.Listen(path, "", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	server := &admin.Server{Socket: socket, Status: func(context.Context) (any, error) {
		return json.RawMessage(`{"vrrp_instances":[{"name":"front"},{"name":"back"}],
			"virtual_servers":[{"name":"web","real_servers":[{"name":"web1"},{"name":"web2"}]},{"name":"mail","real_servers":[{"name":"mx1"}]}]}`), nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- server.Run(ctx) }()
	for line, want := range map[string]string{
		"drain": "web mail", "drain web": "web1 web2", "weight mail": "mx1", "weight web web1": "", "enable none": "", "handover": "front back", "takeback front": "back",
	} {
		for socket, want := range map[string]string{path: want, path + ".none": ""} {
			_, out, _ := hald(t, append(append([]string{"__complete", "--socket", socket}, strings.Fields(line)...), "")...)
			names, directive, _ := strings.Cut(out, ":")
			if strings.Join(strings.Fields(names), " ") != want || directive != "4\n" { // 4: no names of files
				t.Errorf("%s: %q, want %q", line, out, want)
			}
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
