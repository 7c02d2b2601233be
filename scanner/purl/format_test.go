package purl

import (
	"testing"

	packageurl "github.com/package-url/packageurl-go"
	"github.com/stretchr/testify/require"
)

func TestFormat(t *testing.T) {
	for _, row := range []struct{ typ, namespace, name, version, want string }{
		{"npm", "@babel", "traverse", "7.22.0", "pkg:npm/%40babel/traverse@7.22.0"},
		{"npm", "", "lodash", "", "pkg:npm/lodash"},
		{"golang", "github.com/0xJacky", "Nginx-UI", "v2.0.0+incompatible", "pkg:golang/github.com/0xJacky/Nginx-UI@v2.0.0%2Bincompatible"},
		{"deb", "debian", "libstdc++6", "1:12.2.0-14", "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14"},
		{"maven", "org.yaml", "snakeyaml", "1.30", "pkg:maven/org.yaml/snakeyaml@1.30"},
		{"pypi", "", "Typing_Extensions", "4.0~x", "pkg:pypi/typing-extensions@4.0~x"},
		{"swift", "github.com/a", "b c", "1/2@3?#%", "pkg:swift/github.com/a/b%20c@1%2F2%403%3F%23%25"},
		{"cargo", "", "é", "1", "pkg:cargo/%C3%A9@1"},
	} {
		got := Format(row.typ, row.namespace, row.name, row.version)
		require.Equal(t, row.want, got)
		_, err := packageurl.FromString(got)
		require.NoError(t, err, got)
	}
}

// What is formatted is read back part by part.
func FuzzFormat(f *testing.F) {
	f.Add("@babel", "traverse", "7.22.0")
	f.Add("github.com/a", "b c", "1/2@3?#%")
	f.Fuzz(func(t *testing.T, namespace, name, version string) {
		if name == "" {
			return // a package has one
		}
		u, err := parse(Format("npm", namespace, name, version))
		if err != nil {
			return // a character that no part has, or too long
		}
		require.Equal(t, name, u.name)
		require.Equal(t, version, u.version)
	})
}
