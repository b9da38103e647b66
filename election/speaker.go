package election

import "sync"

// speaker lends one announcer to everybody: a socket for each would cost memory,
// and the kernel takes ten milliseconds and more to close one (it waits until no
// processor may be looking at it), in which its thread stands still.
type speaker struct {
	open func() (announcer, error)

	mu  sync.Mutex
	one announcer // nil: not opened yet
}

// lend opens the announcer for the first one who asks; an open that fails is tried
// again by the next. Close of what is lent does nothing.
func (s *speaker) lend() (announcer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.one == nil {
		one, err := s.open()
		if err != nil {
			return nil, err
		}
		s.one = one
	}
	return lent{s.one}, nil
}

// close comes when nobody has it any more.
func (s *speaker) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.one == nil {
		return nil
	}
	return s.one.Close()
}

type lent struct{ announcer }

func (lent) Close() error { return nil }
