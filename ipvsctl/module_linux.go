package ipvsctl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// loadModule runs modprobe for ip_vs, once in the life of the process: whoever
// loads it later by hand is seen by the next Open.
var loadModule = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, modprobe(), "ip_vs").CombinedOutput()
	switch text := strings.TrimSpace(string(out)); {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return errors.New("modprobe is not installed")
	case text != "":
		return errors.New(text)
	default:
		return fmt.Errorf("modprobe: %w", err)
	}
})

// modprobe is the program the kernel itself would call.
func modprobe() string {
	if b, err := os.ReadFile("/proc/sys/kernel/modprobe"); err == nil {
		if path := strings.TrimSpace(string(b)); path != "" {
			return path
		}
	}
	return "modprobe"
}
