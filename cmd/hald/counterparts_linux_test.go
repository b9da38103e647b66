package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// counterparts are servers of Debian's in a site, and the folder of their files.
type counterparts struct {
	*site
	folder string
}

// newCounterparts has a folder that everybody may look into.
func newCounterparts(s *site) counterparts {
	s.t.Helper()
	c := counterparts{s, s.t.TempDir()}
	if err := os.Chmod(filepath.Dir(c.folder), 0o755); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// write makes a file whole.
func (c counterparts) write(name, text string) {
	c.t.Helper()
	path := filepath.Join(c.folder, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		c.t.Fatal(err)
	}
}

// start runs a server in the site until the test ends, with whatever it starts, FOLDER
// being the files'.
func (c counterparts) start(command ...string) *os.Process {
	c.t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		c.t.Fatalf("integration/deps.sh installs it: %v", err)
	}
	for i := range command {
		command[i] = strings.ReplaceAll(command[i], "FOLDER", c.folder)
	}
	server := exec.Command("ip", append([]string{"netns", "exec", c.name}, command...)...)
	server.Stderr, server.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started, ended := make(chan error), make(chan struct{})
	go func() { // the kernel takes the end of the thread that forked for the parent's, and others end theirs
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- server.Start()
		<-ended
	}()
	if err := <-started; err != nil {
		close(ended)
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { syscall.Kill(-server.Process.Pid, syscall.SIGKILL); server.Wait(); close(ended) })
	return server.Process
}

// issue writes a certificate of www.example.net by an authority of its own, and its key.
func issue(t *testing.T, c counterparts, name string, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"www.example.net"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c.write(name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})))
	c.write(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})))
}
