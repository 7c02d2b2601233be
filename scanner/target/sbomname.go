package target

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// IsSBOMName says whether a file's base name says that it is an SBOM: one of the
// suffixes that the formats recommend, bom or sbom before .json or .xml, or either as
// the last word before it, as in "shop-sbom.json".
func IsSBOMName(base string) bool {
	base = strings.ToLower(base)
	for _, suffix := range []string{".cdx", ".cdx.json", ".cdx.xml", ".spdx", ".spdx.json", ".spdx.txt"} {
		if strings.HasSuffix(base, suffix) {
			return true
		}
	}
	if !mayBeSBOM(base) {
		return false
	}
	words := strings.FieldsFunc(strings.TrimSuffix(base, path.Ext(base)), func(r rune) bool { return strings.ContainsRune("-_. ", r) })
	return len(words) > 0 && slices.Contains([]string{"bom", "sbom"}, words[len(words)-1])
}

// mayBeSBOM says whether a file's content is searched for the mark of an SBOM.
func mayBeSBOM(base string) bool {
	ext := strings.ToLower(path.Ext(base))
	return ext == ".json" || ext == ".xml"
}

// sbomMarks are in every SBOM of a format, and in hardly anything else.
var sbomMarks = []string{`"bomFormat"`, `"spdxVersion"`, "cyclonedx.org/schema/bom"}

// A search looks for marks in what is written to it. Zero bytes are passed over, by
// which UTF-16 is searched as well.
type search struct {
	marks []string
	found bool
	tail  []byte // the end of what was searched, where a mark may have begun
}

const longestMark = 32

func (s *search) Write(p []byte) (int, error) {
	if s.found || len(s.marks) == 0 {
		return len(p), nil
	}
	text := append(s.tail, bytes.ReplaceAll(p, []byte{0}, nil)...)
	s.found = slices.ContainsFunc(s.marks, func(m string) bool { return bytes.Contains(text, []byte(m)) })
	s.tail = slices.Clone(text[max(0, len(text)-longestMark):])
	return len(p), nil
}
