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
func (c *Number) Measure(context.Context) (int, error) {
	// A named pipe that nobody writes to must not hold us up.
	f, err := os.OpenFile(c.Path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open: %s", clip(err.Error()))
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, errors.New("not a regular file")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxNumber))
	if err != nil {
		return 0, fmt.Errorf("read: %s", clip(err.Error()))
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, errors.New("not an integer")
	}
	if n < c.Min || n > c.Max {
		return 0, fmt.Errorf("%d is not %d to %d", n, c.Min, c.Max)
	}
	return n, nil
}
