package config

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Layout is a file and its text in the canonical layout. It differs in the space
// between words alone: line by line the two say the same.
type Layout struct {
	Name    string
	Was, Is []byte
}

// Changed tells whether the file is laid out otherwise.
func (l Layout) Changed() bool { return !bytes.Equal(l.Was, l.Is) }

// Format lays out the files at path, a file or a folder. Files in JSON have no
// layout of ours: those of a folder are left alone, one that is named is refused.
// Files that do not parse are refused, each with its place; the others are returned.
func Format(path string) ([]Layout, Diagnostics) {
	s := &source{files: map[string]*hcl.File{}, keys: map[string][]keySpan{}, known: map[string]bool{}}
	names, _, err := fileNames(path)
	if err != nil {
		s.fail(nil, "Cannot read the configuration", sentence(err))
	}
	var all []Layout
	for _, name := range names {
		if strings.HasSuffix(name, ".json") {
			if name == path {
				s.fail(nil, "Cannot lay out JSON", path+" is JSON, which has no layout of hald's; jq has one.")
			}
			continue
		}
		text, err := readBounded(name, maxFileSize)
		if err != nil {
			s.fail(nil, "Cannot read the configuration", sentence(err))
			continue
		}
		all = s.layOut(all, name, text)
	}
	return all, s.diagnostics()
}

// FormatText is Format for a text that is in no file; its name is for messages.
func FormatText(name string, text []byte) (Layout, Diagnostics) {
	s := &source{files: map[string]*hcl.File{}, keys: map[string][]keySpan{}, known: map[string]bool{}}
	all := append(s.layOut(nil, name, text), Layout{})
	return all[0], s.diagnostics()
}

// layOut appends the layout of a text, unless it does not parse.
func (s *source) layOut(all []Layout, name string, text []byte) []Layout {
	before := len(s.diags)
	s.parse(name, text)
	if s.diags[before:].HasErrors() {
		return all
	}
	return append(all, Layout{name, text, hclwrite.Format(text)})
}
