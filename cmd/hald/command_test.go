package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hald-project/hald/admin"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/event"
)

const validConfig = `
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
vrrp_instance "web" {
  interface              = "eth0"
  virtual_router_id      = 51
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "100ms"
  virtual_addresses      = ["10.99.0.100/24"]
}
`

// hald runs one command line in this process.
func hald(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	for _, name := range []string{"HALD_CONFIG", "HALD_DIRECTOR", "HALD_RUNTIME_DIR", "HALD_STATE_DIR", "NO_COLOR"} {
		if _, set := os.LookupEnv(name); !set {
			t.Setenv(name, "")
		}
	}
	var o, e bytes.Buffer
	code = execute(context.Background(), args, &o, &e)
	return code, o.String(), e.String()
}

// written puts a configuration into a file.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hald.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	valid := written(t, validConfig)
	invalid := written(t, validConfig+"\nvrrp_instanze \"x\" {}\n")
	empty := t.TempDir()
	for _, test := range []struct {
		name string
		args []string
		code int
		out  string // part of standard output
		err  string // part of standard error
	}{
		{"check valid", []string{"check", "-c", valid, "--director", "lb1"}, 0, valid + ": valid for lb1 (1 instance, 0 services)\n", ""},
		{"check all", []string{"check", "-c", valid, "--all"}, 0, "valid for lb2", ""},
		{"check invalid", []string{"check", "-c", invalid, "--director", "lb1"}, 1, "", "hald.hcl:14:1"},
		{"check unknown director", []string{"check", "-c", valid, "--director", "lb9"}, 1, "", "lb9"},
		{"check nothing there", []string{"check", "-c", filepath.Join(empty, "none")}, 1, "", "none"},
		{"check json", []string{"check", "-c", valid, "--director", "lb1", "-o", "json"}, 0, "[]\n", ""},
		{"check json invalid", []string{"check", "-c", invalid, "--director", "lb1", "-o", "json"}, 1, `"line": 14`, ""},
		{"check unknown output", []string{"check", "-c", valid, "-o", "yaml"}, 2, "", `--output "yaml" is unknown: use text, json`},
		{"check all and one", []string{"check", "-c", valid, "--all", "--director", "lb1"}, 2, "", "exclude each other"},
		{"run invalid", []string{"run", "-c", invalid, "--director", "lb1"}, 2, "", "hald.hcl:14:1"},
		{"run unknown level", []string{"run", "-c", valid, "--log-level", "loud"}, 2, "", "use debug, info, warn, error"},
		{"run unknown format", []string{"run", "-c", valid, "--log-format", "xml"}, 2, "", "use json, console"},
		{"run with argument", []string{"run", "now"}, 2, "", "now"},
		{"status without daemon", []string{"status", "--runtime-dir", empty}, 1, "", "no daemon answers at "},
		{"status unknown output", []string{"status", "-o", "text"}, 2, "", "use table, json"},
		{"maintenance of what", []string{"maintenance"}, 2, "", "hald: maintenance lacks on|off"},
		{"maintenance maybe", []string{"maintenance", "maybe"}, 2, "", `takes no "maybe": use on, off`},
		{"drain of what", []string{"drain", "web"}, 2, "", "hald: drain lacks SERVER"},
		{"enable of what", []string{"enable"}, 2, "", "hald: enable lacks SERVICE and SERVER"},
		{"weight of two", []string{"weight", "web", "web1", "1", "2"}, 2, "", `takes no more than SERVICE SERVER WEIGHT: "2" is one too many`},
		{"check a file", []string{"check", valid}, 2, "", "hald: check takes no file: name the configuration with -c " + valid},
		{"check a word", []string{"check", "everything"}, 2, "", `hald: check takes no "everything"`},
		{"convert nothing", []string{"convert"}, 2, "", "hald: convert lacks a FILE"},
		{"realserver alone", []string{"realserver"}, 2, "", "hald: realserver lacks up|down|status"},
		{"realserver unknown", []string{"realserver", "u"}, 2, "", `hald: realserver takes no "u": use down, status, up`},
		{"maintenance off for", []string{"maintenance", "off", "--for", "1h"}, 2, "", "--for belongs to on"},
		{"maintenance backwards", []string{"maintenance", "on", "--for", "-1h"}, 2, "", "no length of time"},
		{"maintenance without daemon", []string{"maintenance", "on", "--runtime-dir", empty}, 1, "", "no daemon answers at "},
		{"log-level of what", []string{"log-level"}, 2, "", "hald: log-level lacks debug|info|warn|error"},
		{"log-level unknown", []string{"log-level", "loud"}, 2, "", `takes no "loud": use debug, info, warn, error`},
		{"log-level without daemon", []string{"log-level", "debug", "--runtime-dir", empty}, 1, "", "no daemon answers at "},
		{"takeback without daemon", []string{"takeback", "--runtime-dir", empty}, 1, "", "no daemon answers at "},
		{"cleanup invalid", []string{"cleanup", "-c", invalid, "--director", "lb1"}, 1, "", "hald.hcl:14:1"},
		{"version", []string{"version"}, 0, "hald ", ""},
		{"help", []string{"--help"}, 0, "status", ""},
		{"unknown command", []string{"chek"}, 2, "", "check"},
		{"unknown flag", []string{"check", "--foo"}, 2, "", "unknown flag: --foo"},
		{"unknown role", []string{"worker", "cook"}, 2, "", "cook"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, errOut := hald(t, test.args...)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if !strings.Contains(out, test.out) || test.out == "" && out != "" {
				t.Errorf("standard output %q, want %q in it", out, test.out)
			}
			if !strings.Contains(errOut, test.err) || test.err == "" && errOut != "" {
				t.Errorf("standard error %q, want %q in it", errOut, test.err)
			}
		})
	}
}

func TestTheWorkerCommandIsHidden(t *testing.T) {
	if _, out, _ := hald(t, "--help"); strings.Contains(out, "worker") {
		t.Errorf("help shows it:\n%s", out)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("HALD_CONFIG", written(t, validConfig))
	t.Setenv("HALD_DIRECTOR", "lb2")
	if code, out, errOut := hald(t, "check"); code != 0 || !strings.Contains(out, "valid for lb2") {
		t.Errorf("exit code %d, %q, %q", code, out, errOut)
	}
	if _, out, _ := hald(t, "check", "--director", "lb1"); !strings.Contains(out, "valid for lb1") {
		t.Errorf("the flag does not win over the environment: %q", out)
	}
	if code, _, errOut := hald(t, "check", "--all"); code != 0 {
		t.Errorf("$HALD_DIRECTOR forbids --all: %s", errOut)
	}
	t.Setenv("HALD_RUNTIME_DIR", "/nowhere/at/all")
	if _, _, errOut := hald(t, "status"); !strings.Contains(errOut, "/nowhere/at/all/hald.sock") {
		t.Errorf("runtime folder not taken from the environment: %q", errOut)
	}
}

func TestCleanupRefusesWhileADaemonRuns(t *testing.T) {
	folder := t.TempDir()
	unlock, err := director.Lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	code, _, errOut := hald(t, "cleanup", "-c", written(t, validConfig), "--director", "lb1", "--runtime-dir", folder)
	if code != 1 || !strings.Contains(errOut, "another hald is running") {
		t.Errorf("exit code %d, %q", code, errOut)
	}
}

func TestVersion(t *testing.T) {
	_, out, _ := hald(t, "version")
	if !regexp.MustCompile(`^hald \S+ \(commit \S+, go1\.\S+, linux/\w+\)\n$`).MatchString(out) {
		t.Errorf("printed %q", out)
	}
}

func TestStatusJSONIsTheDaemonsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.sock")
	socket, err := admin.Listen(path, "", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	server := &admin.Server{Socket: socket, Status: func(context.Context) (any, error) {
		return json.RawMessage(`{"cluster":"shop","later":"addition"}`), nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- server.Run(ctx) }()
	code, out, errOut := hald(t, "status", "-o", "json", "--socket", path)
	if code != 0 || out != `{"cluster":"shop","later":"addition"}`+"\n" {
		t.Errorf("exit code %d, %q, %q", code, out, errOut)
	}
	code, out, errOut = hald(t, "status", "--socket", path)
	if code != 0 || !strings.HasPrefix(out, "cluster shop,") {
		t.Errorf("exit code %d, %q, %q", code, out, errOut)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCapabilities(t *testing.T) {
	const all = 1<<12 | 1<<13
	for _, test := range []struct {
		name string
		set  uint64
		want []string
	}{
		{"root", ^uint64(0), nil},
		{"just enough", all, nil},
		{"none", 0, []string{"CAP_NET_ADMIN", "CAP_NET_RAW"}},
		{"no raw", 1 << 12, []string{"CAP_NET_RAW"}},
		{"no admin", 1 << 13, []string{"CAP_NET_ADMIN"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := ""
			if err := missing(test.set); err != nil {
				text = err.Error()
			}
			if (text == "") != (test.want == nil) {
				t.Errorf("said %q", text)
			}
			for _, name := range []string{"CAP_NET_ADMIN", "CAP_NET_RAW"} {
				wanted := strings.Contains(strings.Join(test.want, " "), name)
				if strings.Contains(text, name) != wanted {
					t.Errorf("said %q, want %v", text, test.want)
				}
			}
		})
	}
	set, err := effectiveCapabilities("Name:\thald\nCapPrm:\tffffffffffffffff\nCapEff:\t0000000000003000\nSeccomp:\t0\n")
	if err != nil || set != all {
		t.Errorf("CapEff %x, %v", set, err)
	}
	if _, err := effectiveCapabilities("Name:\thald\n"); err == nil {
		t.Error("a status without the line was accepted")
	}
}

func TestLogFlagsWinOverTheConfiguration(t *testing.T) {
	var text bytes.Buffer
	a := &app{err: &text, logLevel: "error", logFormat: "console"}
	sink, _ := a.sink(a.logging(config.Log{Level: "info", Format: "json"}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sink.Emit(event.Event{Name: "daemon.started"})
	sink.Emit(event.Event{Name: "vrrp.fault"})
	sink.Run(ctx)
	if got := text.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "  error  virtual router has a fault") {
		t.Errorf("log %q, want one console line at error", got)
	}
}
