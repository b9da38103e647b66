package healthcheck

import (
	"errors"
	"syscall"
)

// isLocal tells whether a probe failed before it could say anything about the
// server: this machine was out of descriptors, ports, memory or permission.
func isLocal(err error) bool {
	if errors.As(err, new(ownFault)) {
		return true
	}
	var number syscall.Errno
	if !errors.As(err, &number) {
		return false
	}
	switch number {
	case syscall.EMFILE, syscall.ENFILE, // descriptors
		syscall.ENOBUFS, syscall.ENOMEM, // memory
		syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EAGAIN, // local ports
		syscall.EACCES, syscall.EPERM: // a local packet filter or policy
		return true
	}
	return false
}

// ownFault is a failure that says nothing of the server.
type ownFault struct{ error }

func (e ownFault) Unwrap() error { return e.error }
