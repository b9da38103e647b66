package discovery

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Each way in which a file changes is noticed by itself, and other files are not.
func TestNotice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.json")
	changed, ended := make(chan bool, 100), make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- notice(ctx, path, func() { changed <- true }) }()
	defer func() { cancel(); <-ended }()
	<-changed // it watches
	for name, act := range map[string]func() error{
		"written": func() error { return os.WriteFile(path, []byte("[]"), 0o600) },
		"renamed": func() error { return os.Rename(path+".new", path) },
	} {
		if err := os.WriteFile(path+".new", []byte("[]"), 0o600); err != nil {
			t.Fatal(err)
		}
		if len(changed) != 0 {
			t.Fatalf("%s: another file was noticed", name)
		}
		if err := act(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			t.Fatalf("%s: not noticed", name)
		}
	}
}
