package config

import (
	mac "crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"reflect"
)

// Sealed is the configuration for others to compare with theirs: in the place of
// every secret is what it becomes with a key that both have to use.
func (c *Config) Sealed(key []byte) *Config {
	return seal(reflect.ValueOf(c), key, false).Interface().(*Config)
}

// seal copies a value; every text in a secret one is sealed.
func seal(v reflect.Value, key []byte, hide bool) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		if !hide || v.Len() == 0 {
			return v
		}
		sum := mac.New(sha256.New, key)
		sum.Write([]byte(v.String()))
		return reflect.ValueOf(base64.StdEncoding.EncodeToString(sum.Sum(nil))).Convert(v.Type())
	case reflect.Pointer:
		if v.IsNil() || v.Type().Elem().PkgPath() != reflect.TypeFor[Config]().PkgPath() {
			return v
		}
		to := reflect.New(v.Type().Elem())
		to.Elem().Set(seal(v.Elem(), key, hide))
		return to
	case reflect.Slice:
		to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			to.Index(i).Set(seal(v.Index(i), key, hide))
		}
		return to
	case reflect.Map:
		to := reflect.MakeMap(v.Type())
		for _, k := range v.MapKeys() {
			to.SetMapIndex(k, seal(v.MapIndex(k), key, hide))
		}
		return to
	case reflect.Struct:
		if v.Type().PkgPath() != reflect.TypeFor[Config]().PkgPath() {
			return v
		}
		to := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			to.Field(i).Set(seal(v.Field(i), key, hide || untold[v.Type().Name()+"."+v.Type().Field(i).Name]))
		}
		return to
	}
	return v
}
