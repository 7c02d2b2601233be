package sbom

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

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

// Where the input is cut into reads does not matter: a byte at a time, a pair of
// surrogates over the edge of the window, a string longer than it.
func TestReadsOfAnySize(t *testing.T) {
	for lead := range 14 {
		pad := strings.Repeat("x", 64<<10-120+lead)
		text := fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","x":"%s","components":[
			{"type":"library","name":"a","version":"1.%s","bom-ref":"\ud83d\ude00\ud83dé","purl":"pkg:npm/a@1"}, {"n":-12.5e+3,"t":true,"name":"b","version":1.10}]} `, pad, strings.Repeat("0", 40<<10))
		want, err := Read(strings.NewReader(text), "x")
		require.NoError(t, err)
		require.Equal(t, []string{"\U0001f600\ufffdé"}, want.Packages[0].Locations)
		for _, r := range []io.Reader{iotest.OneByteReader(strings.NewReader(text)), iotest.HalfReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			got, err := Read(r, "x")
			require.NoError(t, err)
			require.Equal(t, want.Target, got.Target)
			require.Equal(t, want.Unreadable, got.Unreadable)
			require.Equal(t, len(want.Packages), len(got.Packages))
			for i := range want.Packages {
				require.Equal(t, want.Packages[i].Version, got.Packages[i].Version)
				require.Equal(t, want.Packages[i].Locations, got.Packages[i].Locations)
			}
		}
		broken, err := Read(iotest.TimeoutReader(strings.NewReader(text)), "x")
		require.ErrorIs(t, err, iotest.ErrTimeout)
		require.Empty(t, broken)
	}
}
