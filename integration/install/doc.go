// Package install is a test alone: the Debian package is made, installed, started, upgraded and
// removed on an overlay of this machine (life.sh).
package install
