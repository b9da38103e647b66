package config

import "bytes"

// The parsers and evaluators of the HCL library are recursive, and no program
// survives the end of its stack. These limits keep every text far from it, and
// are far from any real configuration.
const (
	maxFileSize  = 16 << 20 // bytes of one file
	maxNesting   = 200      // brackets within brackets
	maxOperators = 20000    // operators and template directives in one file
	maxLocals    = 1000     // locals that need each other in a row
)

// tooDeep says whether a text could make the library recurse too deeply. It
// looks at bytes only: brackets and operators in strings count as well, hyphens
// in names and comment lines do not.
func tooDeep(text []byte) bool {
	depth, operators := 0, 0
	for line := range bytes.Lines(text) {
		if isComment(line) {
			continue
		}
		for i, c := range line {
			switch c {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth = max(0, depth-1)
			case '-':
				if i == 0 || !isLetter(line[i-1]) {
					operators++
				}
			case '!', '?', '+', '*', '/', '%', '&', '|', '<', '>':
				operators++
			}
			if depth > maxNesting || operators > maxOperators {
				return true
			}
		}
	}
	return false
}

// isComment says whether a line is one, in native syntax.
func isComment(line []byte) bool {
	code := bytes.TrimLeft(line, " \t")
	return bytes.HasPrefix(code, []byte("#")) || bytes.HasPrefix(code, []byte("//"))
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
