package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Loader loads a configuration again and again: the zero value is ready. A virtual server
// of the same text as before means the same and is not read again, so that one change among a
// thousand costs a hundredth of reading all. Whenever it is not certain that nothing else
// makes a difference, and whenever there is anything to say, all is read.
type Loader struct {
	known *known // nil: nothing
}

// known is a configuration and what it was read from.
type known struct {
	files  []knownFile
	config *Config
	reading
}

// reading is what virtual servers were read with beside their own text.
type reading struct {
	locals cty.Value
	synced bool
	alone  []bool // for each: nothing outside of the text was looked at, and nothing was said of it
}

// Load is [Load].
func (l *Loader) Load(path, director string) (*Config, Diagnostics) {
	if c, none := l.again(path, director); c != nil {
		return c, none
	}
	src, c, diags := loaded(path, director)
	if c != nil {
		l.known = src.remember(c)
	}
	return c, diags
}

// remember is what a later reading can begin with; nil if that is nothing.
func (s *source) remember(c *Config) *known {
	k := &known{config: c, reading: s.reading}
	var labels []string
	for _, name := range sortedKeys(s.files) {
		file := knownFile{name: filepath.Base(name), text: s.files[name].Bytes}
		if read, pieced := s.files[name].Nav.(places); pieced {
			file.blocks = read.blocks
		} else if body, native := s.files[name].Body.(*hclsyntax.Body); native {
			file.blocks = servers(body, 0)
		} else {
			return nil
		}
		k.files = append(k.files, file)
		for _, b := range file.blocks {
			labels = append(labels, b.label)
		}
	}
	if !slices.EqualFunc(labels, c.Services, func(label string, s Service) bool { return label == s.Name }) {
		return nil // some were made by dynamic blocks
	}
	return k
}

// again reads what is different; nil if that would not do.
func (l *Loader) again(path, director string) (*Config, Diagnostics) {
	k := l.known
	names, folder, err := fileNames(path)
	if k == nil || err != nil || len(names) != len(k.files) {
		return nil, Diagnostics{}
	}
	src, sum, next := newSource(folder), sha256.New(), &known{}
	src.list = []listing{}
	var bodies []hcl.Body
	first := 0 // of the file's services before
	for i, name := range names {
		text, err := readBounded(name, maxFileSize)
		if err != nil || filepath.Base(name) != k.files[i].name || tooDeep(text) {
			return nil, Diagnostics{}
		}
		now, same, ok := k.files[i].with(text)
		if !ok {
			return nil, Diagnostics{}
		}
		addTo(sum, name, text)
		body, pieces := src.divide(name, text, now.blocks)
		bodies = append(bodies, body)
		for b, was := range same {
			if was >= 0 && k.alone[first+was] {
				src.list = append(src.list, listing{service: &k.config.Services[first+was]})
			} else {
				src.list = append(src.list, listing{piece: &pieces[b]})
			}
		}
		next.files = append(next.files, now)
		first += len(k.files[i].blocks)
	}
	src.hash, src.body = hex.EncodeToString(sum.Sum(nil)), hcl.MergeBodies(bodies)
	c, diags := src.load(director)
	if c == nil || len(diags.Messages()) > 0 || src.unsure || c.Director != k.config.Director || src.synced != k.synced || !src.locals.RawEquals(k.locals) {
		return nil, Diagnostics{}
	}
	next.config, next.reading = c, src.reading
	l.known = next
	return c, diags
}

// knownFile is a file with the places of its virtual_server blocks.
type knownFile struct {
	name   string
	text   []byte
	blocks []span
}

// with is the file with another text, and for each block which one it was before, or -1. It
// is not ok where more is different than virtual servers. One stretch of the text is different. The
// blocks it begins and ends in, and those between, are read anew, and are all that is there;
// then what comes before and after them is what it was, for it is read from a block's end to a block's beginning.
func (f knownFile) with(text []byte) (now knownFile, same []int, ok bool) {
	now = knownFile{f.name, text, slices.Clone(f.blocks)}
	for i := range f.blocks {
		same = append(same, i)
	}
	if bytes.Equal(f.text, text) {
		return now, same, true
	}
	begin, end := stretch(f.text, text)
	shift := len(text) - len(f.text)
	i := slices.IndexFunc(f.blocks, func(s span) bool { return s.to > begin })
	if i < 0 || f.blocks[i].from >= begin {
		return now, nil, false
	}
	j := i
	for j+1 < len(f.blocks) && f.blocks[j+1].from < end {
		j++
	}
	if end >= f.blocks[j].to {
		return now, nil, false
	}
	from, to := f.blocks[i].from, f.blocks[j].to+shift
	file, diags := hclsyntax.ParseConfig(text[from:to], f.name, hcl.InitialPos)
	if len(diags) > 0 {
		return now, nil, false
	}
	body := file.Body.(*hclsyntax.Body)
	anew := servers(body, from)
	if len(body.Attributes) > 0 || len(anew) == 0 || len(anew) != len(body.Blocks) || anew[0].from != from || anew[len(anew)-1].to != to {
		return now, nil, false
	}
	now.blocks = slices.Concat(f.blocks[:i], anew, f.blocks[j+1:])
	for k := i + len(anew); k < len(now.blocks); k++ {
		now.blocks[k].from += shift
		now.blocks[k].to += shift
	}
	return now, slices.Concat(same[:i], slices.Repeat([]int{-1}, len(anew)), same[j+1:]), true
}

// stretch is the part of a text that is different in another: nothing before and
// nothing behind it is.
func stretch(was, is []byte) (begin, end int) {
	for begin < min(len(was), len(is)) && was[begin] == is[begin] {
		begin++
	}
	tail := 0
	for tail < min(len(was), len(is))-begin && was[len(was)-1-tail] == is[len(is)-1-tail] {
		tail++
	}
	return begin, len(was) - tail
}

// servers are the virtual_server blocks in a body that begins at an offset.
func servers(body *hclsyntax.Body, at int) (blocks []span) {
	for _, b := range body.Blocks {
		if b.Type == "virtual_server" && len(b.Labels) == 1 {
			blocks = append(blocks, span{at + b.Range().Start.Byte, at + b.Range().End.Byte, b.Labels[0]})
		}
	}
	return blocks
}
