// Package hald_test guards the architecture: the arrows between the packages,
// and what the pure cores may not do. docs/architecture.md draws what it checks.
package hald_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/hald-project/hald/"

// arrows are all imports allowed between the packages. Tests may import the
// twins beside a port, and the guest that gives them a kernel.
var arrows = map[string][]string{
	"cmd/hald":            {"convert", "doctor", "realserver", "simulate", "vrrp", "director", "election", "balancer", "config", "event", "admin", "notify", "ipvsctl", "thrift"},
	"director":            {"election", "balancer", "config", "event", "admin", "notify", "thrift"},
	"notify":              {"event", "program"},
	"program":             {},
	"thrift":              {},
	"election":            {"vrrp", "netif", "garp", "event"},
	"balancer":            {"healthcheck", "ipvsctl", "discovery", "event", "thrift"},
	"discovery":           {},
	"simulate":            {"vrrp", "config"},
	"realserver":          {"config"},
	"doctor":              {"config", "vrrp", "netif", "garp"},
	"admin":               {"event"},
	"config":              {"event"},
	"config/golden":       {},
	"event":               {},
	"convert":             {"config"},
	"vrrp":                {},
	"vrrp/vrrptest":       {"vrrp"},
	"netif":               {},
	"garp":                {},
	"healthcheck":         {"program"},
	"ipvsctl":             {},
	"ipvsctl/ipvstest":    {"ipvsctl"},
	"ipvsctl/kerneltest":  {"ipvsctl"},
	"integration":         {"integration/lab", "integration/guest"},
	"integration/guest":   {},
	"integration/lab":     {"integration/guest"},
	"integration/demo":    {"integration/lab", "integration/guest"},
	"integration/measure": {"integration/lab", "integration/guest"},
	"integration/rhythm":  {},
	"integration/browser": {},
	"integration/checks":  {},
	"integration/install": {},
	"integration/soak":    {},
}

var forTests = []string{"vrrp/vrrptest", "ipvsctl/ipvstest", "integration/guest", "config/golden"}

// pure are the cores: no goroutine, no channel, no clock, no socket, no log.
var pure = []string{
	"vrrp/machine.go", "vrrp/moves.go", "vrrp/backup.go", "vrrp/master.go", "vrrp/leave.go", "vrrp/yield.go", "vrrp/inspect.go", "vrrp/timers.go", "vrrp/margin.go", "vrrp/advertisement.go", "vrrp/version2.go", "vrrp/version3.go", "vrrp/checksum.go", "vrrp/packet.go", "vrrp/event.go",
	"garp/frame.go", "garp/advertisement.go", "garp/schedule.go", "garp/limit.go", "garp/claim.go", "garp/probe.go", "garp/vigil.go",
	"netif/plan.go", "netif/link.go", "netif/virtual.go",
	"doctor/finding.go", "doctor/facts.go", "doctor/diagnose.go", "doctor/machine.go", "doctor/link.go", "doctor/setting.go", "doctor/way.go", "doctor/wire.go", "doctor/peer.go", "doctor/local.go",
	"realserver/role.go", "realserver/thing.go", "realserver/plan.go",
	"healthcheck/tally.go", "healthcheck/answer.go", "healthcheck/plain.go", "healthcheck/chunks.go", "healthcheck/weight.go",
	"ipvsctl/model.go", "ipvsctl/plan.go",
	"balancer/desired.go", "balancer/expand.go", "discovery/message.go", "discovery/course.go",
	"election/fitness.go",
	"director/translate.go", "notify/queue.go",
	"config/diff.go", "config/plan.go", "config/effect.go", "config/seal.go",
}

// kernelOnly may be imported by files named *_linux.go alone.
var kernelOnly = []string{
	"golang.org/x/sys/unix", "github.com/vishvananda/netlink", "github.com/moby/ipvs", "github.com/mdlayher/packet",
	"github.com/google/nftables", "github.com/mdlayher/netlink",
}

// source is one parsed file.
type source struct {
	path, pkg string
	test      bool
	file      *ast.File
}

func (s source) imports() (paths []string) {
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

func parse(t *testing.T) (sources []source) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "build" || len(d.Name()) > 1 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		sources = append(sources, source{path, filepath.Dir(path), strings.HasSuffix(path, "_test.go"), f})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 50 {
		t.Fatalf("only %d files found: this test must run in the project's root", len(sources))
	}
	return sources
}

func TestArrows(t *testing.T) {
	for _, s := range parse(t) {
		if s.pkg == "." {
			continue
		}
		allowed, known := arrows[s.pkg]
		if !known {
			t.Errorf("%s: package %s is not in the picture", s.path, s.pkg)
			continue
		}
		for _, p := range s.imports() {
			to, ours := strings.CutPrefix(p, module)
			switch {
			case !ours || slices.Contains(allowed, to):
			case s.test && (to == s.pkg || slices.Contains(forTests, to)):
			default:
				t.Errorf("%s: imports %s, an arrow that is not in the picture", s.path, to)
			}
		}
	}
}

func TestKernelIsTouchedInLinuxFilesOnly(t *testing.T) {
	for _, s := range parse(t) {
		if s.test || strings.HasSuffix(s.path, "_linux.go") {
			continue
		}
		for _, p := range s.imports() {
			if slices.Contains(kernelOnly, p) {
				t.Errorf("%s: imports %s; its name must end in _linux.go", s.path, p)
			}
		}
	}
}

func TestCoresArePure(t *testing.T) {
	found := 0
	for _, s := range parse(t) {
		if !slices.Contains(pure, s.path) {
			continue
		}
		found++
		for _, p := range s.imports() {
			if slices.Contains([]string{"context", "os", "sync", "go.uber.org/zap", "math/rand", "math/rand/v2"}, p) {
				t.Errorf("%s: a pure core imports %s", s.path, p)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt, *ast.ChanType, *ast.SelectStmt, *ast.SendStmt:
				t.Errorf("%s: a pure core has a goroutine or a channel", s.path)
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep", "NewTimer", "NewTicker", "AfterFunc", "Tick"}, n.Sel.Name) {
					t.Errorf("%s: a pure core reads the clock: time.%s", s.path, n.Sel.Name)
				}
			}
			return true
		})
	}
	if found != len(pure) {
		t.Errorf("%d of %d pure cores found", found, len(pure))
	}
}

func TestNoGrabBags(t *testing.T) {
	for pkg := range arrows {
		if slices.Contains([]string{"util", "utils", "common", "pkg", "internal", "types", "helpers"}, filepath.Base(pkg)) {
			t.Errorf("package %s says nothing of what it holds", pkg)
		}
	}
}
