package event

import "time"

// Milliseconds is a duration as events and status documents have it, with what is
// left of a millisecond as a fraction.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
