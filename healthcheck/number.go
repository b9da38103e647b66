package healthcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Number reads an integer from a file. It is healthy while the file has one, or
// is missing, which stands for 0.
type Number struct {
	Path     string
	Min, Max int // what the number may be
}

// maxNumber is how much of the file is looked at, in bytes.
const maxNumber = 64

// Check reads the file and forgets the number.
func (c *Number) Check(ctx context.Context) error {
	_, err := c.Measure(ctx)
	return err
}

// Measure reads the file.
func (c *Number) Measure(context.Context) (Reading, error) {
	// A named pipe that nobody writes to must not hold us up.
	f, err := os.OpenFile(c.Path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return found(0), nil
	}
	if err != nil {
		return Reading{}, fmt.Errorf("open: %s", clip(err.Error()))
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return Reading{}, errors.New("not a regular file")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxNumber))
	if err != nil {
		return Reading{}, fmt.Errorf("read: %s", clip(err.Error()))
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return Reading{}, errors.New("not an integer")
	}
	if n < c.Min || n > c.Max {
		return Reading{}, fmt.Errorf("%d is not %d to %d", n, c.Min, c.Max)
	}
	return found(n), nil
}
