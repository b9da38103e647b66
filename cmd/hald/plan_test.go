package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/director"
)

// TestPlanOfWhichFiles: those of --config, else of $HALD_CONFIG, else the daemon's.
func TestPlanOfWhichFiles(t *testing.T) {
	daemons := written(t, validConfig)
	other := written(t, strings.Replace(validConfig, "lb1 = 150", "lb1 = 140", 1))
	third := written(t, strings.Replace(validConfig, "lb1 = 150", "lb1 = 130", 1))
	c, diags := config.Load(daemons, "lb1")
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	path := filepath.Join(t.TempDir(), "hald.sock")
	socket, err := admin.Listen(path, "", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	server := &admin.Server{Socket: socket, Config: func(context.Context) (any, error) {
		return director.InForce{Config: c.Sealed([]byte("key")), Key: []byte("key"), Path: daemons}, nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- server.Run(ctx) }()
	for _, test := range []struct {
		environment string
		args        []string
		code        int
		out         string
	}{
		{"", nil, 0, "nothing changes"},
		{other, nil, codeChanges, "priority 150 -> 140"},
		{other, []string{"-c", third}, codeChanges, "priority 150 -> 130"},
	} {
		t.Setenv("HALD_CONFIG", test.environment)
		code, out, errOut := hald(t, append([]string{"plan", "--socket", path}, test.args...)...)
		if code != test.code || !strings.Contains(out, test.out) {
			t.Errorf("$HALD_CONFIG %q, %q: exit code %d, want %d: %q, want %q\n%s", test.environment, test.args, code, test.code, out, test.out, errOut)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
