package sbom

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A purl that the bom-ref begins with, or that begins with the bom-ref, is read as any.
func TestPURLBesideItsRef(t *testing.T) {
	for _, row := range []struct{ ref, purl, want string }{
		{"pkg:npm/a@1?id=7", "pkg:npm/a@1", "pkg:npm/a@1"},
		{"pkg:npm/a@1", "pkg:npm/a@1", "pkg:npm/a@1"},
		{"pkg:npm/a", "pkg:npm/a@1", "pkg:npm/a@1"},
		{"x", "pkg:npm/a@1", "pkg:npm/a@1"},
		{"pkg:npm/b@1", "pkg:npm/a@1", "pkg:npm/a@1"},
		{"pkg:npm/\xc3\xa9@1", "pkg:npm/\xc3", "pkg:npm/\ufffd"},
	} {
		for _, order := range []string{`"bom-ref":"%s","purl":"%s"`, `"purl":"%[2]s","bom-ref":"%[1]s"`} {
			text := fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a","version":"1",`+order+`}]}`, row.ref, row.purl)
			inv, err := Read(strings.NewReader(text), "x")
			require.NoError(t, err)
			got := ""
			for _, p := range inv.Packages {
				got += p.PURL
			}
			for _, u := range inv.Unreadable {
				got += u.Package
			}
			require.Equal(t, row.want, got, "%q", text)
		}
	}
}
