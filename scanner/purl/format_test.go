package purl

import (
	"fmt"
	"strings"
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

// purl-spec says which characters stand for themselves ("Character encoding"); all
// others are two capital hex digits, which [Fold] takes for folded.
func TestEveryByte(t *testing.T) {
	const themselves = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~:"
	for c := range 256 {
		want := fmt.Sprintf("pkg:npm/a%%%02Xb", c)
		if strings.IndexByte(themselves, byte(c)) >= 0 {
			want = fmt.Sprintf("pkg:npm/a%cb", c)
		}
		require.Equal(t, want, Format("npm", "", "a"+string([]byte{byte(c)})+"b", ""))
		if c >= 0x20 && c < 0x7f && c != '/' {
			require.Equal(t, want, Fold(want))
			require.True(t, folded(want), "%s is its own fold", want)
			u, err := parse(want)
			require.NoError(t, err, want)
			require.Equal(t, "a"+string(rune(c))+"b", u.name)
		}
	}
}

func TestTypes(t *testing.T) {
	for c := range 256 {
		_, err := parse("pkg:a" + string([]byte{byte(c)}) + "9/name")
		valid := strings.IndexByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+/", byte(c)) >= 0
		require.Equal(t, valid, err == nil, "%q: %v", c, err)
	}
	longest := "pkg:npm/" + strings.Repeat("a", MaxLength-len("pkg:npm/"))
	_, err := parse(longest)
	require.NoError(t, err)
	_, err = parse(longest + "a")
	require.ErrorContains(t, err, "longer")
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
