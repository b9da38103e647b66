package guest

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

func TestDeal(t *testing.T) {
	beside := map[string]bool{"B": true, "D": true, "E": true, "F": true}
	for _, tt := range []struct {
		tests      []string
		processors int
		want       []hand
	}{
		{[]string{"A", "B", "C", "D", "E", "F", "G"}, 2, []hand{
			{[]string{"A", "C", "G"}, false}, {[]string{"A", "C", "G"}, false}, {[]string{"B", "E"}, true}, {[]string{"D", "F"}, true},
		}},
		{[]string{"A", "B"}, 4, []hand{{[]string{"A"}, false}, {[]string{"B"}, true}}},
		{[]string{"B"}, 2, []hand{{[]string{"B"}, true}}},
		{nil, 2, nil},
	} {
		if got := deal(tt.tests, beside, tt.processors); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v, %d processors: %v, want %v", tt.tests, tt.processors, got, tt.want)
		}
	}
}

func TestBesideOthers(t *testing.T) {
	folder := t.TempDir()
	const text = `package p
func TestAlone(t *testing.T) { go f(); t.Run("sub", func(t *testing.T) { t.Parallel() }) }
func TestBeside(t *testing.T) {
	t.Parallel() // a comment
	f()
}
func TestEmpty(t *testing.T) {}
func (T) TestMethod(t *testing.T) { t.Parallel() }
`
	if err := os.WriteFile(filepath.Join(folder, "p_test.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(maps.Keys(besideOthers(folder))); !slices.Equal(got, []string{"TestBeside"}) {
		t.Errorf("beside others: %v, want TestBeside", got)
	}
}
