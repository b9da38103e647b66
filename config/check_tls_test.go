package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesOfTLS: the files of a check are read before they are needed.
func TestFilesOfTLS(t *testing.T) {
	folder := t.TempDir()
	write := func(name, kind string, der []byte, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		return path
	}
	pair := func(name string) (certificate string, key []byte) {
		secret, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{}, &secret.PublicKey, secret)
		if err != nil {
			t.Fatal(err)
		}
		key, _ = x509.MarshalECPrivateKey(secret)
		return write(name, "CERTIFICATE", der, 0o644), key
	}
	certificate, key := pair("client.pem")
	_, foreign := pair("other.pem")
	good := write("good.key", "EC PRIVATE KEY", key, 0o640)
	for name, tt := range map[string]struct{ attributes, want string }{
		"good":       {`ca = "` + certificate + `"`, ""},
		"good pair":  {`key = "` + good + `"`, ""},
		"not a CA":   {`ca = "` + good + `"`, "there is no PEM certificate in it"},
		"open key":   {`key = "` + write("open.key", "EC PRIVATE KEY", key, 0o644) + `"`, "everybody can read it: chmod o="},
		"other key":  {`key = "` + write("other.key", "EC PRIVATE KEY", foreign, 0o600) + `"`, "with its certificate: private key does not match"},
		"shared":     {`key = "` + write("shared.key", "EC PRIVATE KEY", key, 0o660) + `"`, "others can write to it"},
		"no such CA": {`ca = "` + folder + `/none.pem"`, "there is no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(tt.attributes, "key") {
				tt.attributes += "\n    certificate = \"" + certificate + `"`
			}
			text := `cluster "shop" {
  director "lb1" {}
}
vrrp_instance "shop" {
  interface         = "eth0"
  virtual_router_id = 51
  virtual_addresses = ["192.0.2.10/24"]
  track "tls" "mail" {
    address = "192.0.2.25"
    port    = 465
    ` + tt.attributes + `
  }
}
`
			_, d := loadText(t, text)
			if d.HasErrors() != (tt.want != "") || !strings.Contains(rendered(t, d), tt.want) {
				t.Errorf("want %q, got:\n%s", tt.want, rendered(t, d))
			}
		})
	}
}
