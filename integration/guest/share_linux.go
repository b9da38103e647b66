package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A guest has one processor, and most of what is played in it is waiting. Tests are
// therefore dealt out to two guests for each processor of the machine, which run at
// the same time: one for tests that have a guest to themselves, because they measure,
// and one for those that run beside others. The first goes before the second.

// share deals the tests of an order out. One that wants other results than its
// output, such as a profile, is left alone.
func share(o order) ([]order, error) {
	if len(outputFolders(o)) > 0 {
		return []order{o}, nil
	}
	const run = "-test.run="
	pattern := "."
	others := slices.DeleteFunc(slices.Clone(o.Runs[0]), func(arg string) bool {
		if value, found := strings.CutPrefix(arg, run); found {
			pattern = value
			return true
		}
		return false
	})
	top, below, nested := strings.Cut(pattern, "/")
	if nested {
		below = "/" + below
	}
	tests, err := list(top)
	if err != nil {
		return nil, err
	}
	hands := deal(tests, besideOthers(o.Directory), runtime.NumCPU())
	if len(hands) < 2 {
		return []order{o}, nil
	}
	pile := filepath.Join(o.Out, "taken")
	if err := errors.Join(os.RemoveAll(pile), os.MkdirAll(pile, 0o755)); err != nil {
		return nil, fmt.Errorf("make a pile of the tests: %w", err)
	}
	shares := make([]order, len(hands))
	for i, hand := range hands {
		shares[i] = o
		shares[i].Beside = hand.beside
		shares[i].Writable = append(slices.Clone(o.Writable), pile)
		runs := []string{strings.Join(hand.tests, "|")}
		if !hand.beside {
			runs, shares[i].Pile = hand.tests, pile
		}
		shares[i].Runs = nil
		for _, tests := range runs {
			shares[i].Runs = append(shares[i].Runs, slices.Insert(slices.Clone(others), 1, run+"^("+tests+")$"+below))
		}
		shares[i].Out = filepath.Join(o.Out, strconv.Itoa(i+1))
		if err := copyOut(o.Out, shares[i].Out); err != nil {
			return nil, err
		}
	}
	return shares, nil
}

// list names the tests that match.
func list(pattern string) (tests []string, err error) {
	cmd := exec.Command(os.Args[0], "-test.list="+pattern)
	cmd.Env = append(os.Environ(), envInside+"=list")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the tests: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if name := strings.TrimSpace(line); strings.HasPrefix(name, "Test") {
			tests = append(tests, name)
		}
	}
	return tests, nil
}

// copyOut makes a guest's own folder of Out, with what was prepared.
func copyOut(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("make the output folder: %w", err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("read the output folder: %w", err)
	}
	for _, e := range entries {
		name := filepath.Join(to, e.Name())
		if !e.Type().IsRegular() {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clean the output folder: %w", err)
		}
		if err := os.Link(filepath.Join(from, e.Name()), name); err != nil {
			return fmt.Errorf("share what was prepared: %w", err)
		}
	}
	return nil
}

// bootAll runs orders at the same time and returns the first exit status that is
// not 0. The first one's output is passed on as it comes, that of the others when
// it is complete.
func bootAll(orders []order) (status int, err error) {
	statuses, errs := make([]int, len(orders)), make([]error, len(orders))
	said := make([]bytes.Buffer, len(orders))
	var guests sync.WaitGroup
	for i, o := range orders {
		var stdout, stderr io.Writer = os.Stdout, os.Stderr
		if i > 0 {
			both := &serial{to: &said[i]}
			stdout, stderr = both, both
		}
		guests.Go(func() { statuses[i], errs[i] = boot(o, stdout, stderr) })
	}
	guests.Wait()
	for i := range said {
		os.Stdout.Write(said[i].Bytes())
		if status == 0 {
			status = statuses[i]
		}
	}
	return status, errors.Join(errs...)
}

// serial lets two streams write to one place.
type serial struct {
	sync.Mutex
	to io.Writer
}

func (s *serial) Write(b []byte) (int, error) {
	s.Lock()
	defer s.Unlock()
	return s.to.Write(b)
}
