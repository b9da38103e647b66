package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
)

// Load reads the configuration at path, a file or a folder, and returns what
// it means for one director. An empty director stands for the one whose name
// is this machine's host name. The Config is nil exactly when the Diagnostics
// have errors; without errors they may still hold warnings. Programs that it
// names must be on this machine.
func Load(path, director string) (*Config, Diagnostics) {
	_, c, diags := loaded(path, director)
	return c, diags
}

// loaded reads a configuration in pieces, and whole where that will not do: messages about errors
// are those of a text that was seen at once.
func loaded(path, director string) (*source, *Config, Diagnostics) {
	if src := inPieces(path); src != nil {
		if c, diags := src.load(director); c != nil && !src.unsure {
			return src, c, diags
		}
	}
	src := open(path)
	c, diags := src.load(director)
	return src, c, diags
}

// LoadElsewhere is Load for one who does not run the programs that are named:
// what is wrong with them is a warning.
func LoadElsewhere(path, director string) (*Config, Diagnostics) {
	src := open(path)
	src.elsewhere = true
	return src.load(director)
}

func (s *source) load(director string) (*Config, Diagnostics) {
	whole := s.survey()
	me := whole.find(director)
	cfg := whole.view(me)
	diags := s.diagnostics()
	if diags.HasErrors() {
		return nil, diags
	}
	return cfg, diags
}

// LoadAll is Load for every director of the cluster, in file order. What is
// wrong for several directors is reported once. It may be read anywhere, so that
// what is wrong with a program it names is a warning.
func LoadAll(path string) ([]*Config, Diagnostics) {
	src := open(path)
	src.elsewhere = true
	whole := src.survey()
	var all []*Config
	for _, d := range whole.eachDirector() {
		all = append(all, whole.view(d))
	}
	diags := src.diagnostics()
	if diags.HasErrors() {
		return nil, diags
	}
	return all, diags
}

// source is the text of a configuration and the list of what is wrong with it.
type source struct {
	folder    string // what file() paths are relative to
	root      string // of the file system that tells of this machine's kernel
	files     map[string]*hcl.File
	keys      map[string][]keySpan // by file
	body      hcl.Body             // nil when a file could not be read or parsed
	hash      string
	elsewhere bool // this is not the machine that runs what is named
	diags     hcl.Diagnostics
	said      int             // how often something was reported, the same again counted
	known     map[string]bool // keys of diags, so that nothing is said twice

	list    []listing // all virtual servers, if they are not in the body
	looks   int       // how often something on this machine was looked at
	unsure  bool      // they are otherwise than the list says
	reading           // how they were read
}

func newSource(folder string) *source {
	return &source{folder: folder, root: "/", files: map[string]*hcl.File{}, keys: map[string][]keySpan{}, known: map[string]bool{}}
}

// addTo adds a file to the sum of all.
func addTo(sum hash.Hash, name string, text []byte) {
	fmt.Fprintf(sum, "%s\x00%d\x00", filepath.Base(name), len(text))
	sum.Write(text)
}

// open reads and parses the files of a configuration.
func open(path string) *source {
	names, folder, err := fileNames(path)
	s := newSource(folder)
	if err != nil {
		s.fail(nil, "Cannot read the configuration", sentence(err))
		return s
	}
	sum := sha256.New()
	var files []*hcl.File
	for _, name := range names {
		text, err := readBounded(name, maxFileSize)
		if err != nil {
			s.fail(nil, "Cannot read the configuration", sentence(err))
			continue
		}
		addTo(sum, name, text)
		files = append(files, s.parse(name, text))
	}
	s.hash = hex.EncodeToString(sum.Sum(nil))
	if !s.diags.HasErrors() {
		s.body = hcl.MergeFiles(files)
	}
	return s
}

// parse reads one file's syntax: JSON by its name, else native HCL.
func (s *source) parse(name string, text []byte) *hcl.File {
	var file *hcl.File
	var diags hcl.Diagnostics
	if tooDeep(text) {
		diags = diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Nested too deeply",
			Detail:   fmt.Sprintf("The file nests brackets more than %d deep, or has more than %d operators.", maxNesting, maxOperators),
			Subject:  &hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos},
		})
	} else if strings.HasSuffix(name, ".json") {
		file, diags = json.Parse(text, name)
	} else {
		file, diags = hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	}
	if file == nil {
		file = &hcl.File{Body: hcl.EmptyBody()}
	}
	file.Bytes = text
	s.files[name] = file
	s.keys[name] = keySpans(text)
	s.report(withoutKeys(diags, s.keys[name]))
	return file
}

// fileNames lists the files that make up the configuration at path, and the
// folder they are in.
func fileNames(path string) (names []string, folder string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", plainPathError(err)
	}
	if !info.IsDir() {
		return []string{path}, filepath.Dir(path), nil
	}
	entries, err := os.ReadDir(path) // in name order
	if err != nil {
		return nil, "", plainPathError(err)
	}
	for _, e := range entries {
		name := e.Name()
		wanted := strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".hcl.json")
		if wanted && !e.IsDir() && !strings.HasPrefix(name, ".") {
			names = append(names, filepath.Join(path, name))
		}
	}
	if len(names) == 0 {
		return nil, "", fmt.Errorf("the folder %s has no file that ends in .hcl or .hcl.json", path)
	}
	return names, path, nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plainPathError(err)
	}
	defer f.Close()
	var text bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() <= limit {
		text.Grow(int(info.Size()) + bytes.MinRead) // megabytes, once
	}
	if _, err := text.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, plainPathError(err)
	}
	if int64(text.Len()) > limit {
		return nil, fmt.Errorf("more than %d bytes in %s", limit, name)
	}
	return text.Bytes(), nil
}

// plainPathError words an error of package os for an operator.
func plainPathError(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return fmt.Errorf("%w: %s", pe.Err, pe.Path)
	}
	return err
}

// sentence makes an error text the detail of a message.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
