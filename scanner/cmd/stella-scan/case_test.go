package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCase(t *testing.T) {
	const nested = "SCN-0001-nested-components"
	corpus := t.TempDir()
	copied := filepath.Join(corpus, nested)
	require.NoError(t, os.CopyFS(copied, os.DirFS(filepath.Join("..", "..", "..", "regression", "cases", nested))))
	from := filepath.Join(copied, "input", "sbom.cdx.json")
	for _, row := range []struct {
		name string
		args string
		code int
		want string
	}{
		{"help", "case -h", 0, "stella-scan case new"},
		{"help of a verb", "case verify -h", 0, "stella-scan case new"},
		{"no verb", "case", 2, "want case new"},
		{"another verb", "case make", 2, "case make: want"},
		{"an unknown flag", "case new -colour red", 2, "case new: flag provided but not defined"},
		{"no case", "case verify", 2, "0 cases are named"},
		{"two cases", "case minimize -id A x y", 2, "2 cases are named"},
		{"verify", "case verify " + copied, 0, "1 cases verified"},
		{"new", "case new -cases " + corpus + " SCN-0042-new -from " + from, 0, "SCN-0042-new is made"},
		{"new again", "case new -cases " + corpus + " SCN-0042-new", 1, "is there already"},
		{"not filled in", "case verify " + filepath.Join(corpus, "SCN-0042-new"), 1, "title and source are required"},
		{"minimize", "case minimize -id RUSTSEC-2024-0399 " + copied, 0, "1 of 1 advisories"},
		{"minimize what is not there", "case minimize -id CVE-1 " + copied, 1, "does not show it"},
		{"verify what has changed", "case verify " + copied, 1, "is not what the scanner says"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := report(&stderr, run(t.Context(), strings.Fields(row.args), strings.NewReader(""), &stdout, &stderr))
			require.Equal(t, row.code, code, stderr.String())
			require.Contains(t, stdout.String()+stderr.String(), row.want)
		})
	}
}
