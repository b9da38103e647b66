package guest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
)

// hand is what one guest is dealt: tests that run beside one another, all its own,
// or else tests that are alone in their guest and are taken from one pile, each by
// the guest that is free first.
type hand struct {
	tests  []string
	beside bool // the guest is beside others, too
}

// deal deals tests out to at most two guests for each processor.
func deal(tests []string, beside map[string]bool, processors int) (hands []hand) {
	var alone, together []string
	for _, test := range tests {
		if beside[test] {
			together = append(together, test)
		} else {
			alone = append(alone, test)
		}
	}
	for range min(processors, len(alone)) {
		hands = append(hands, hand{tests: alone})
	}
	n := min(processors, len(together))
	for i := range n {
		h := hand{beside: true}
		for j := i; j < len(together); j += n {
			h.tests = append(h.tests, together[j])
		}
		hands = append(hands, h)
	}
	return hands
}

// besideOthers are the tests in a package's folder that begin with t.Parallel. Only
// the source tells before they run; where it is not at hand, there are none.
func besideOthers(folder string) map[string]bool {
	tests := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(folder, "*_test.go"))
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Recv == nil && f.Body != nil && len(f.Body.List) > 0 && isParallel(f.Body.List[0]) {
				tests[f.Name.Name] = true
			}
		}
	}
	return tests
}

// isParallel tells whether a statement is a call of a Parallel method.
func isParallel(s ast.Stmt) bool {
	expression, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expression.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Parallel"
}
