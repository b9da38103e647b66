package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// A configuration with ten thousand servers is megabytes of syntax, each server of which is looked
// at once. So its virtual_server blocks are read in pieces, one after the other, where they are laid
// out as `hald fmt` does it. What is not laid out so, or has an error anywhere, is read whole: reading in
// pieces means the same, or it is not done.

// span is a virtual_server block in a text: from its first byte to behind its last one.
type span struct {
	from, to int
	label    string
}

// piece is a virtual_server block that is not parsed yet.
type piece struct {
	span
	file string
	text []byte
	at   hcl.Pos // its first byte
}

// inPieces reads the files of a configuration, and of the virtual_server blocks only where they are. It
// is nil where they cannot be found without parsing all, or there are none.
func inPieces(path string) *source {
	names, folder, err := fileNames(path)
	if err != nil {
		return nil
	}
	s, sum := newSource(folder), sha256.New()
	var bodies []hcl.Body
	for _, name := range names {
		text, err := readBounded(name, maxFileSize)
		if err != nil || tooDeep(text) {
			return nil
		}
		addTo(sum, name, text)
		if strings.HasSuffix(name, ".json") {
			bodies = append(bodies, s.parse(name, text).Body)
			continue
		}
		blocks, ok := find(text)
		if !ok {
			return nil
		}
		body, pieces := s.divide(name, text, blocks)
		bodies = append(bodies, body)
		for i := range pieces {
			s.list = append(s.list, listing{piece: &pieces[i]})
		}
	}
	if s.list == nil {
		return nil
	}
	s.hash, s.body = hex.EncodeToString(sum.Sum(nil)), hcl.MergeBodies(bodies)
	return s
}

const header = `virtual_server "`

// find finds the virtual_server blocks that begin with such a line and end with the next line that begins with
// a brace. It looks at nothing else, so that what it finds may be in a comment or a string, or no block:
// then a piece or what is between them does not parse. (The library's scanner goes through a text once, and
// only comments, strings and blocks lead it over the end of a line. One that is open at the
// end of a piece is an error there; if none is open anywhere, every piece is read as it would be in the
// whole.) It is not ok where something else follows on a block's last line.
func find(text []byte) (blocks []span, ok bool) {
	from, label, at := -1, "", 0
	for line := range bytes.Lines(text) {
		switch {
		case from < 0 && bytes.HasPrefix(line, []byte(header)):
			name, rest, quoted := bytes.Cut(line[len(header):], []byte{'"'})
			if !quoted || bytes.ContainsAny(name, `\$%`) || !bytes.HasPrefix(rest, []byte(" {")) {
				return nil, false
			}
			from, label = at, string(name)
		case from >= 0 && line[0] == '}':
			if rest := bytes.TrimSpace(line[1:]); len(rest) > 0 && !isComment(rest) {
				return nil, false
			}
			blocks = append(blocks, span{from, at + 1, label})
			from = -1
		}
		at += len(line)
	}
	return blocks, from < 0
}

// divide is a text without its virtual_server blocks, and these.
func (s *source) divide(name string, text []byte, blocks []span) (rest hcl.Body, pieces []piece) {
	var gaps []*hcl.File
	at := hcl.InitialPos
	pass := func(to int) []byte {
		passed := text[at.Byte:to]
		at.Line, at.Byte = at.Line+bytes.Count(passed, []byte{'\n'}), to
		return passed
	}
	gap := func(to int) {
		begin := at
		if between := pass(to); len(bytes.Trim(between, " \t\n")) > 0 {
			file, diags := hclsyntax.ParseConfig(between, name, begin)
			s.report(diags)
			gaps = append(gaps, file)
		}
	}
	for _, b := range blocks {
		gap(b.from)
		at.Column = 1
		begin := at
		pieces = append(pieces, piece{b, name, pass(b.to), begin})
		at.Column = 2 // behind the brace
	}
	gap(len(text))
	rest = hcl.MergeFiles(gaps)
	s.files[name] = &hcl.File{Body: rest, Bytes: text, Nav: places{gaps, blocks}}
	s.keys[name] = keySpans(text)
	return rest, pieces
}

// openPiece parses a block and opens it; nil if it is not what it seemed to be. It may be on the sheet, which the next has.
func (r *reader) openPiece(p *piece, sheet *paper) *block {
	if b := p.plain(sheet); b != nil {
		return b
	}
	file, diags := hclsyntax.ParseConfig(p.text, p.file, p.at)
	body := file.Body.(*hclsyntax.Body)
	if len(diags) > 0 || len(body.Attributes) > 0 || len(body.Blocks) != 1 {
		return nil
	}
	b := body.Blocks[0]
	if at := b.Range(); b.Type != "virtual_server" || !slices.Equal(b.Labels, []string{p.label}) || at.Start.Byte != p.from || at.End.Byte != p.to {
		return nil
	}
	r.checkNames(body, language, "at the top level")
	return r.open(r.expand(body), language, nil).nested[b.Type][0]
}

// places names the block that an offset is in, as the library does for a file that was parsed whole.
type places struct {
	gaps   []*hcl.File
	blocks []span
}

// ContextString is the type and the labels of the block, empty outside of all.
func (p places) ContextString(offset int) string {
	i := sort.Search(len(p.blocks), func(i int) bool { return p.blocks[i].to > offset })
	if i < len(p.blocks) && p.blocks[i].from <= offset {
		return fmt.Sprintf("virtual_server %q", p.blocks[i].label)
	}
	for _, gap := range p.gaps {
		if name := gap.Nav.(interface{ ContextString(int) string }).ContextString(offset); name != "" {
			return name
		}
	}
	return ""
}
