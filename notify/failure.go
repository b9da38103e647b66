package notify

import (
	"errors"
	"time"
)

// failure is an attempt that failed, with what that says about the next one.
type failure struct {
	error
	wait     time.Duration // the other side does not want another one before
	hopeless bool          // another one would not end otherwise
}

func (f failure) Unwrap() error { return f.error }

// hopeless is an error that another attempt does not change.
func hopeless(err error) error { return failure{error: err, hopeless: true} }

// about is what an error says about the next attempt.
func about(err error) (f failure) {
	errors.As(err, &f)
	return f
}
