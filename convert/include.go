package convert

import (
	"path/filepath"
	"strings"
)

// include reads the files that a pattern names, in name order.
func (s *source) include(pattern, how string, at place, depth int) {
	if depth >= maxNested {
		s.report.lost(at, "files include each other more than %d deep", maxNested)
		return
	}
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(s.folder, pattern)
	}
	found := 0
	for _, p := range braces(pattern) {
		names, err := filepath.Glob(p)
		if err != nil {
			s.report.lost(at, "%s %s: %v", how, pattern, err)
			return
		}
		for _, name := range names {
			found++
			if err := s.read(name, depth+1); err != nil {
				s.report.lost(at, "%s: %v", how, err)
			}
		}
	}
	if found == 0 {
		s.report.lost(at, "%s %s: no such file (keepalived would go on without a word)", how, pattern)
	}
}

// braces expands the first {a,b} of a pattern, and so the others.
func braces(pattern string) []string {
	from := strings.IndexByte(pattern, '{')
	if from < 0 {
		return []string{pattern}
	}
	level, start := 0, from+1
	var parts []string
	for i := from; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '{':
			level++
		case c == ',' && level == 1:
			parts = append(parts, pattern[start:i])
			start = i + 1
		case c == '}':
			if level--; level > 0 {
				continue
			}
			var all []string
			for _, p := range append(parts, pattern[start:i]) {
				if all = append(all, braces(pattern[:from]+p+pattern[i+1:])...); len(all) > 1000 {
					return all
				}
			}
			return all
		}
	}
	return []string{pattern}
}
