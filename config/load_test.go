package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/config/golden"
)

const twoDirectors = `cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
`

// refusal is the only message of a load that must fail.
func refusal(t *testing.T, c *Config, d Diagnostics) Message {
	t.Helper()
	if c != nil || len(d.Messages()) != 1 || !d.HasErrors() {
		t.Fatalf("want one error, got:\n%s", rendered(t, d))
	}
	return d.Messages()[0]
}

func TestLoadNamesTheDirector(t *testing.T) {
	for _, name := range []string{"lb1", "lb2"} {
		path := filepath.Join(t.TempDir(), "any-name")
		if err := os.WriteFile(path, []byte(twoDirectors), 0o600); err != nil {
			t.Fatal(err)
		}
		c, d := Load(path, name)
		if d.HasErrors() || c.Director.Name != name {
			t.Errorf("%s: %v\n%s", name, c, rendered(t, d))
		}
	}
}

func TestLoadRefusesAnUnknownDirector(t *testing.T) {
	c, d := loadText(t, strings.ReplaceAll(twoDirectors, "lb1", "lb3"))
	m := refusal(t, c, d)
	if !strings.Contains(m.Detail, `"lb3" and "lb2"`) || m.Line != 1 {
		t.Errorf("%+v", m)
	}
}

func TestLoadFindsTheDirectorByHostName(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	short, _, _ := strings.Cut(host, ".")
	path := filepath.Join(t.TempDir(), "a.hcl")
	for _, name := range []string{host, short, strings.ToUpper(short)} {
		text := fmt.Sprintf("cluster \"x\" {\n director \"other\" {}\n director %q {}\n}\n", name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, d := Load(path, "")
		if d.HasErrors() || c.Director.Name != name {
			t.Errorf("%s not found:\n%s", name, rendered(t, d))
		}
	}
	if err := os.WriteFile(path, []byte("cluster \"x\" {\n director \"not-"+short+"\" {}\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, d := Load(path, "")
	if m := refusal(t, c, d); !strings.Contains(m.Detail, "host name") {
		t.Errorf("%+v", m)
	}
}

func TestLoadRefusesWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "dangling.hcl")
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	big := filepath.Join(dir, "sub", "big.hcl")
	if err := os.Mkdir(filepath.Dir(big), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(big, bytes.Repeat([]byte("#\n"), maxFileSize/2+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "missing.hcl"): "No such file or directory",
		dir:                               "No such file or directory: " + link,
		big:                               "More than",
	} {
		c, d := Load(path, "lb1")
		if m := refusal(t, c, d); !strings.Contains(m.Detail, want) || m.Line != 0 {
			t.Errorf("%s: %+v", path, m)
		}
		if d.Err() == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

func TestLoadRefusesEndlessNesting(t *testing.T) {
	for _, bracket := range []string{"[", "(", "{", "${\"", "a {\n"} {
		c, d := loadText(t, "a = "+strings.Repeat(bracket, 1<<20))
		if c != nil || !d.HasErrors() {
			t.Errorf("%q repeated was taken", bracket)
		}
	}
}

func TestLoadRefusesEndlessOperators(t *testing.T) {
	for _, operator := range []string{"-", "!", "1?", "1+", "true?1:", "\"%{if true}", "a[*]."} {
		c, d := loadText(t, twoDirectors+"locals {\n  a = "+strings.Repeat(operator, maxOperators+1)+"1\n}\n")
		if c != nil || d.Messages()[0].Summary != "Nested too deeply" {
			t.Errorf("%q repeated was taken", operator)
		}
	}
	banner := strings.Repeat("# "+strings.Repeat("-", 78)+"\n", 1000)
	names := "locals {\n  a = [" + strings.Repeat("\"web-a-b\", ", maxOperators) + "]\n}\n"
	if _, d := loadText(t, banner+names+twoDirectors); d.HasErrors() {
		t.Error(d.Err())
	}
}

func TestLocalsNeedEachOtherInARow(t *testing.T) {
	chain := func(n int) string {
		var text strings.Builder
		text.WriteString(twoDirectors + "locals {\n")
		for i := range n {
			fmt.Fprintf(&text, "  l%04d = local.l%04d\n", i, i+1)
		}
		fmt.Fprintf(&text, "  l%04d = 1\n}\n", n)
		return text.String()
	}
	if _, d := loadText(t, chain(maxLocals-1)); d.HasErrors() {
		t.Error(d.Err())
	}
	c, d := loadText(t, chain(maxLocals))
	if m := refusal(t, c, d); m.Summary != "Locals nested too deeply" {
		t.Errorf("%+v", m)
	}
}

func TestHashFollowsNamesAndContents(t *testing.T) {
	hash := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, d := Load(path, "lb1")
		if d.HasErrors() {
			t.Fatal(d.Err())
		}
		return c.Hash
	}
	first := hash("a.hcl", twoDirectors)
	if len(first) != 64 || first != hash("a.hcl", twoDirectors) {
		t.Error("the hash of equal files differs, or is none")
	}
	if first == hash("b.hcl", twoDirectors) || first == hash("a.hcl", twoDirectors+"\n") {
		t.Error("the hash of different files is the same")
	}
}

func TestMessagesAsJSON(t *testing.T) {
	_, d := Load("testdata/invalid/many_errors.hcl", "lb1")
	text, err := json.MarshalIndent(d.Messages(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/many_errors.json.golden", string(text)+"\n")
}

func TestTextInColourAndWrapped(t *testing.T) {
	_, d := Load("testdata/invalid/scheduler.hcl", "lb1")
	var out strings.Builder
	if err := d.WriteText(&out, 40, true); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/scheduler.colour.golden", out.String())
	for line := range strings.SplitSeq(out.String(), "\n") {
		if strings.HasPrefix(line, "  \"") && len(line) > 40 {
			t.Errorf("line too long: %q", line)
		}
	}
}

func TestTextCannotDriveTheTerminal(t *testing.T) {
	_, d := loadText(t, twoDirectors+"log {\n\tlevel = \"\x1b[2Jloud\"\n}\n")
	if text := rendered(t, d); strings.ContainsRune(text, '\x1b') || !strings.Contains(text, "\tlevel") {
		t.Errorf("%q", text)
	}
}

func TestErrSumsUp(t *testing.T) {
	_, d := Load("testdata/invalid/many_errors.hcl", "lb1")
	want := `invalid configuration: testdata/invalid/many_errors.hcl:5:1: Missing attribute interface: vrrp_instance "a" needs interface: the link the adverts go over and the addresses are on. (and 9 more errors)`
	if d.Err() == nil || d.Err().Error() != want {
		t.Errorf("got %v", d.Err())
	}
	if (Diagnostics{}).Err() != nil {
		t.Error("an empty list is an error")
	}
}

// TestDownInterval: RFC 9568, 6.1; RFC 3768, 6.1. The table's values are those
// of their formulas.
func TestDownInterval(t *testing.T) {
	for _, c := range []struct {
		version  int
		interval time.Duration
		priority int
		want     time.Duration
	}{
		{3, time.Second, 254, 3*time.Second + 7812500*time.Nanosecond},
		{3, time.Second, 100, 3*time.Second + 609375*time.Microsecond},
		{3, time.Second, 1, 3*time.Second + 996093750*time.Nanosecond},
		{3, 10 * time.Millisecond, 128, 35 * time.Millisecond},
		{2, time.Second, 128, 3500 * time.Millisecond},
		{2, 10 * time.Second, 128, 30500 * time.Millisecond},
	} {
		if got := downInterval(c.version, c.interval, c.priority); got != c.want {
			t.Errorf("version %d, %s at priority %d: %s, want %s", c.version, c.interval, c.priority, got, c.want)
		}
	}
}

// TestExamples: everything in examples/ is valid for all its directors and
// gives no warning.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, path := range files {
		all, d := LoadAll(path)
		if len(d.Messages()) > 0 || len(all) < 2 {
			t.Errorf("%s: %d directors\n%s", path, len(all), rendered(t, d))
		}
	}
}
