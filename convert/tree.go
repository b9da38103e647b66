package convert

import "slices"

// maxDepth is how deep blocks may be in blocks; keepalived's own nest five deep.
const maxDepth = 30

// statement is a line with the block that belongs to it, if there is one.
type statement struct {
	words    []word
	block    []*statement
	isBlock  bool
	at       place
	comments []string // on lines of their own before it
	trailing string   // on its line
	used     bool     // something names it
}

// key is its first word.
func (s *statement) key() string { return s.words[0].text }

// arg is a word after the first; empty if there is none.
func (s *statement) arg(i int) string {
	if i+1 < len(s.words) {
		return s.words[i+1].text
	}
	return ""
}

// args are the words after the first.
func (s *statement) args() (all []string) {
	for _, w := range s.words[1:] {
		all = append(all, w.text)
	}
	return all
}

// tree makes a tree of lines. A brace may stand on the line of its keyword or on the
// next; what follows a brace on its line is a statement of its own.
func tree(lines []line, report *Report) (top []*statement, rest []string) {
	type open struct {
		into *[]*statement
		at   place
	}
	stack := []open{{into: &top}}
	var comments []string
	var last *statement // the one that a brace would belong to
	skip := 0           // blocks that are too deep
	for _, l := range lines {
		var current *statement
		for _, w := range l.words {
			switch {
			case w.text == "{" && !w.quoted:
				switch {
				case skip > 0 || len(stack) > maxDepth:
					if skip == 0 {
						report.lost(l.at, "blocks are nested more than %d deep; what is in here is left out", maxDepth)
					}
					skip++
				case last == nil || last.isBlock:
					report.lost(l.at, "a brace opens here that no keyword stands before; what is in it is left out")
					nowhere := &statement{at: l.at}
					stack = append(stack, open{&nowhere.block, l.at})
				default:
					last.isBlock = true
					stack = append(stack, open{&last.block, last.at})
				}
				current, last = nil, nil
			case w.text == "}" && !w.quoted:
				switch {
				case skip > 0:
					skip--
				case len(stack) == 1:
					report.lost(l.at, "a brace closes here that no brace opened")
				default:
					stack = stack[:len(stack)-1]
				}
				current, last = nil, nil
			case current == nil && skip == 0:
				current = &statement{words: []word{w}, at: l.at, comments: comments}
				comments = nil
				last = current
				into := stack[len(stack)-1].into
				*into = append(*into, current)
			case current != nil:
				current.words = append(current.words, w)
			}
		}
		switch {
		case l.comment == "":
		case len(l.words) == 0:
			comments = append(comments, l.comment)
		case current != nil:
			current.trailing = l.comment
		case last == nil:
			comments = append(comments, l.comment)
		}
	}
	for _, o := range slices.Backward(stack[1:]) {
		report.lost(o.at, "the block that begins here is not closed; keepalived would read on into the next")
	}
	return top, comments
}
