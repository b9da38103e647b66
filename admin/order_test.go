package admin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestOrders(t *testing.T) {
	var got string
	path, _ := serve(t, &Server{Orders: map[string]Order{
		"handover": func(_ context.Context, body json.RawMessage) error { got = string(body); return nil },
		"refused":  func(context.Context, json.RawMessage) error { return errors.New("not today") },
	}})
	client := Client{Socket: path}
	if err := client.Order(t.Context(), "handover", map[string]int{"for": 5}); err != nil || got != `{"for":5}` {
		t.Errorf("passed on %q, %v", got, err)
	}
	if err := client.Order(t.Context(), "refused", nil); err == nil || !strings.Contains(err.Error(), "not today") {
		t.Errorf("error %v, want the reason", err)
	}
	if err := client.Order(t.Context(), "nosuch", nil); err == nil {
		t.Error("an unknown order was taken")
	}
}
