package healthcheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// File is healthy while the number in a file is 0. A file that is missing or has no
// number in it is a failure.
type File struct{ Path string }

// Check reads the file.
func (c *File) Check(ctx context.Context) error {
	if _, err := os.Stat(c.Path); errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no such file")
	}
	number := Number{Path: c.Path, Min: -1 << 31, Max: 1<<31 - 1}
	n, err := number.Measure(ctx)
	if err == nil && n.Value != 0 {
		err = fmt.Errorf("the file says %d", n.Value)
	}
	return err
}
