// Package install is a test alone: the packages are made, and live their life on a machine with
// systemd (life.sh), which is an overlay of this one with namespaces and a control group of its own
// (machine.sh).
package install
