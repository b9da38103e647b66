package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestOrders(t *testing.T) {
	var got, from string
	path, _ := serve(t, &Server{Orders: map[string]Order{
		"handover": func(_ context.Context, by string, body json.RawMessage) error {
			got, from = string(body), by
			return nil
		},
		"refused": func(context.Context, string, json.RawMessage) error { return errors.New("not today") },
	}})
	client := Client{Socket: path}
	if err := client.Order(t.Context(), "handover", map[string]int{"for": 5}); err != nil || got != `{"for":5}` {
		t.Errorf("passed on %q, %v", got, err)
	}
	if want := fmt.Sprintf("uid %d, pid %d", os.Getuid(), os.Getpid()); from != want {
		t.Errorf("ordered by %q, want %q", from, want)
	}
	if err := client.Order(t.Context(), "refused", nil); err == nil || !strings.Contains(err.Error(), "not today") {
		t.Errorf("error %v, want the reason", err)
	}
	if err := client.Order(t.Context(), "nosuch", nil); err == nil {
		t.Error("an unknown order was taken")
	}
}
