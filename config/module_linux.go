package config

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// checkModule reports a scheduler or an engine whose module the kernel of this
// machine does not have, where that can be known and matters: not for the
// directors elsewhere. The module's name is ip_vs_, the prefix and one of names.
func (r *reader) checkModule(f field[string], kind string, names []string, prefix string) {
	if r.elsewhere {
		return
	}
	if r.modules == nil {
		r.modules = append([]string{}, kernelModules(r.source.root)...)
	}
	if len(r.modules) == 0 || slices.Contains(r.modules, prefix+f.value) {
		return
	}
	detail := fmt.Sprintf("This kernel has no module ip_vs_%s%s", prefix, f.value)
	if !f.given {
		detail += ", for the default " + f.value
	}
	var have []string
	for _, name := range names {
		if slices.Contains(r.modules, prefix+name) {
			have = append(have, name)
		}
	}
	if len(have) > 0 {
		detail += ". It has " + enumerate(have, "and")
	}
	r.fail(f.at, kind+" not in this kernel", detail+".")
}

// kernelModules are the modules of IPVS that the running kernel has, without
// ip_vs_, from its list of modules and from what is loaded; empty where that
// cannot be told, as in a container without the host's modules.
func kernelModules(root string) []string {
	var found []string
	add := func(module string) {
		if name, is := strings.CutPrefix(module, "ip_vs_"); is {
			found = append(found, name)
		}
	}
	release, err := os.ReadFile(filepath.Join(root, "proc/sys/kernel/osrelease"))
	if err != nil {
		return nil
	}
	folder := filepath.Join(root, "lib/modules", strings.TrimSpace(string(release)))
	for _, list := range []string{"modules.dep", "modules.builtin"} {
		f, err := os.Open(filepath.Join(folder, list))
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			file, _, _ := strings.Cut(lines.Text(), ":")
			name, _, _ := strings.Cut(path.Base(file), ".")
			add(name)
		}
		f.Close()
	}
	if len(found) == 0 {
		return nil
	}
	loaded, _ := filepath.Glob(filepath.Join(root, "sys/module/ip_vs_*"))
	for _, module := range loaded {
		add(filepath.Base(module))
	}
	slices.Sort(found)
	return slices.Compact(found)
}
