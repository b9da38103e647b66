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

// checkScheduler reports a scheduler that the kernel of this machine does not
// have, where that can be known and matters: not for the directors elsewhere.
func (r *reader) checkScheduler(scheduler field[string]) {
	if r.elsewhere {
		return
	}
	if r.schedulers == nil {
		r.schedulers = append([]string{}, kernelSchedulers("/")...)
	}
	if have := r.schedulers; len(have) > 0 && !slices.Contains(have, scheduler.value) {
		r.fail(scheduler.at, "Scheduler not in this kernel", fmt.Sprintf(
			"This kernel has no module ip_vs_%s. It has %s.", scheduler.value, enumerate(have, "and")))
	}
}

// kernelSchedulers are the schedulers of the running kernel, from its list of
// modules and from what is loaded; empty where that cannot be told, as in a
// container without the host's modules.
func kernelSchedulers(root string) []string {
	var found []string
	add := func(module string) {
		if name, is := strings.CutPrefix(module, "ip_vs_"); is && slices.Contains(schedulers, name) {
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
