package purl

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFold(t *testing.T) {
	for _, same := range [][]string{
		{"pkg:nuget/newtonsoft.json@12.0.3", "pkg:nuget/Newtonsoft.Json@12.0.3", "pkg:NuGet/NEWTONSOFT.JSON@12.0.3", "pkg:/nuget/newtonsoft.json@12.0.3"},
		{"pkg:pypi/ruamel-yaml@0.18", "pkg:pypi/ruamel.yaml@0.18", "pkg:pypi/Ruamel__yaml@0.18"},
		{"pkg:composer/symfony/http-kernel@6", "pkg:composer/Symfony/HTTP-Kernel@6"},
		{"pkg:swift/github.com/apple/swift-nio@2", "pkg:swift/github.com/Apple/swift-nio@2"},
		{"pkg:npm/%40scope/a@1", "pkg:npm/@scope/a@1", "pkg:npm/@scope%2Fa@1", "pkg:npm/%40scope%2fa@1", "pkg:npm/%40scope/%40scope%2Fa@1", "pkg:npm/scope/%40scope%2Fa@1"},
		{"pkg:deb/debian/a@1%2Bb?arch=amd64", "pkg:deb/debian/a@1+b?arch=amd64", "pkg:deb/debian/a@1%2bb?arch=amd64", "pkg:deb/debian/A@1+b?arch=amd64"},
	} {
		for _, s := range same {
			require.Equal(t, Fold(same[0]), Fold(s), s)
		}
	}
	for _, apart := range [][2]string{
		{"pkg:npm/JSONStream@1", "pkg:npm/jsonstream@1"},
		{"pkg:golang/github.com/Azure/a@v1", "pkg:golang/github.com/azure/a@v1"},
		{"pkg:maven/G/a@1", "pkg:maven/g/a@1"},
		{"pkg:nuget/a@1-RC1", "pkg:nuget/a@1-rc1"},
		{"pkg:deb/debian/a@1?arch=amd64", "pkg:deb/debian/a@1?arch=arm64"},
		{"pkg:nuget/A@1#X", "pkg:nuget/A@1#x"},
		{"pkg:npm/a%2Fb@1", "pkg:npm/a/b@1"},
		{"pkg:npm/%40other/%40scope%2Fa@1", "pkg:npm/%40scope/a@1"},
	} {
		require.NotEqual(t, Fold(apart[0]), Fold(apart[1]))
	}
	for _, s := range []string{"", "no purl", "pkg:npm/a%zz@1"} {
		require.Equal(t, s, Fold(s))
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"pkg:nuget/Newtonsoft.Json@12.0.3", "pkg:npm/@scope/a@1?x=y#z", "pkg:pypi/A_.b@1%2B1", "pkg:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		require.Equal(t, once, Fold(once))
		if folded(s) {
			require.Equal(t, s, foldApart(s), "it was called folded")
		}
		// What was written plainly is percent-encoded, and may grow beyond what is read.
		if u, err := parse(s); err == nil && len(once) <= MaxLength {
			folded, err := parse(once)
			require.NoError(t, err, once)
			require.Equal(t, u.version, folded.version, once)
		}
	})
}
