package sbom

import (
	"path"
	"slices"
	"strings"
)

// IsName says whether a file's base name says that it is an SBOM: one of the suffixes
// that the formats recommend, bom or sbom before .json or .xml, or either as the last
// word before it, as in "shop-sbom.json".
func IsName(base string) bool {
	base = strings.ToLower(base)
	for _, suffix := range []string{".cdx", ".cdx.json", ".cdx.xml", ".spdx", ".spdx.json", ".spdx.txt"} {
		if strings.HasSuffix(base, suffix) {
			return true
		}
	}
	ext := path.Ext(base)
	if ext != ".json" && ext != ".xml" {
		return false
	}
	words := strings.FieldsFunc(strings.TrimSuffix(base, ext), func(r rune) bool { return strings.ContainsRune("-_. ", r) })
	return len(words) > 0 && slices.Contains([]string{"bom", "sbom"}, words[len(words)-1])
}
