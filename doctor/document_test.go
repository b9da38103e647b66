package doctor

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryCheckIsDocumented: docs/doctor.md has a row for each check, and none for one
// that is not there.
func TestEveryCheckIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, "`"); strings.HasPrefix(line, "| `") && len(cells) > 2 {
			documented = append(documented, cells[1])
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var checks []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is || len(call.Args) < 3 {
				return true
			}
			name, isMethod := call.Fun.(*ast.SelectorExpr)
			literal, isText := call.Args[0].(*ast.BasicLit)
			if isMethod && isText && slices.Contains([]string{"ok", "warn", "fail", "trouble"}, name.Sel.Name) {
				check, _ := strconv.Unquote(literal.Value)
				checks = append(checks, check)
			}
			return true
		})
	}
	slices.Sort(checks)
	checks = slices.Compact(checks)
	slices.Sort(documented)
	if !slices.Equal(checks, documented) || len(checks) < 20 {
		t.Errorf("the checks are\n%v\nand docs/doctor.md has\n%v", checks, documented)
	}
}
