package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// keyed is an object of a list, with what tells it from the others.
type keyed struct {
	key   string
	value reflect.Value
}

// indexed are the objects of a list by their keys.
func indexed(list []keyed) map[string]reflect.Value {
	all := make(map[string]reflect.Value, len(list))
	for _, k := range list {
		all[k.key] = k.value
	}
	return all
}

// listed are the objects of a slice, or that of a pointer. Several of the same name
// are numbered.
func listed(v reflect.Value) (list []keyed) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		return []keyed{{v.Elem().FieldByName("Name").String(), v.Elem()}}
	}
	seen := map[string]int{}
	for i := range v.Len() {
		o := v.Index(i)
		key := strings.Trim(shownValue(o.FieldByName(blocks[o.Type()].key)), `"`)
		switch o := o.Interface().(type) {
		case Tracker:
			key = o.Kind + ":" + o.Name
		case Route:
			key = fmt.Sprintf("%s table %d metric %d", o.Destination, o.Table, o.Metric)
		case Rule:
			key = "IPv4 priority " + key
			if o.IPv6 {
				key = "IPv6" + key[len("IPv4"):]
			}
		case Address:
			if o.Interface != "" {
				key += " on " + o.Interface
			}
		}
		if seen[key]++; seen[key] > 1 {
			key = fmt.Sprintf("%s#%d", key, seen[key])
		}
		list = append(list, keyed{key, o})
	}
	return list
}

// pointed is what a pointer is to; the zero value for none.
func pointed(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return reflect.Zero(v.Type().Elem())
	}
	return v.Elem()
}

// attribute is what a field is called in the configuration: in snake case, if
// nothing else is known.
func attribute(t reflect.Type, field string) string {
	if name, ok := spelled[t.Name()+"."+field]; ok {
		return name
	}
	var b strings.Builder
	for i, r := range field {
		before := i > 0 && unicode.IsLower(rune(field[i-1]))
		after := i > 0 && i+1 < len(field) && unicode.IsLower(rune(field[i+1]))
		if unicode.IsUpper(r) && (before || after) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// shownValue is a value as people read it. Values are equal when their texts are: a list
// that is empty is one that is not there.
func shownValue(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = shownValue(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Pointer:
		if v.IsNil() {
			return "(none)"
		}
		return shownValue(v.Elem())
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	case reflect.Map:
		return fmt.Sprintf("%q", v.Interface())
	}
	switch o := v.Interface().(type) {
	case fmt.Stringer:
		if m, ok := o.(encoding.TextMarshaler); ok {
			if b, err := m.MarshalText(); err == nil {
				return string(b)
			}
		}
		return o.String()
	}
	return fmt.Sprintf("%v", v.Interface())
}

// concealed stands for a secret. Of keys it tells the ids, in their order.
func concealed(v reflect.Value) string {
	keys, ok := v.Interface().([]Key)
	if !ok || len(keys) == 0 {
		return "(hidden)"
	}
	var ids []string
	for _, k := range keys {
		ids = append(ids, fmt.Sprintf("id %d", k.ID))
	}
	return "(" + strings.Join(ids, ", ") + ")"
}
