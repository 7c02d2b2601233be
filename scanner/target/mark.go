package target

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

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
