package healthcheck

import (
	"net"
	"os/exec"
	"testing"
	"time"
)

// TestSMTPOfAiosmtpd: a mail server of Debian's greets, answers, and has no TLS to
// offer.
func TestSMTPOfAiosmtpd(t *testing.T) {
	program, err := exec.LookPath("aiosmtpd")
	if err != nil {
		t.Fatal("aiosmtpd is not installed: integration/deps.sh does that")
	}
	at := unused(t)
	server := exec.Command(program, "-n", "-l", at.String())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", at.String()); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("aiosmtpd does not listen")
		}
	}
	verify(t, (&SMTP{Target: at, Helo: "lb1"}).Check(t.Context()), "")
	if err := (&SMTP{Target: at, Helo: "lb1", StartTLS: true}).Check(t.Context()); err == nil {
		t.Error("TLS where there is none")
	} else {
		t.Log(err)
	}
}
