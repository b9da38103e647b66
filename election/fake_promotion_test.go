package election

import "maps"

// promote is netif.PromoteSecondaries for a host on which nobody else sets it.
func (f *fakeHost) promote(links map[int]bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.promotions++
	if f.promoteErr == nil {
		f.promoted = maps.Clone(links)
	}
	return f.promoteErr
}

// promotes tells of one link.
func (f *fakeHost) promotes(link int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.promoted[link]
}
