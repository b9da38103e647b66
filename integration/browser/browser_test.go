//go:build linux

package main

import "testing"

// TestLivePage: all steps, without keeping pictures.
func TestLivePage(t *testing.T) {
	if err := play(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
}
