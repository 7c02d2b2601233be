package sbom

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxLine bounds one line of tag-value text: a licence is one line of many.
const maxLine = 1 << 20

// readTagValue reads SPDX 2.x tag-value (SPDX 2.3, clause 4.4 and annex C). What
// follows "PackageName:" belongs to that package until the next package, file,
// snippet or licence begins; only the tags that an inventory is made of are read.
func readTagValue(in *bufio.Reader, c *collector) error {
	t := &tagReader{in: in}
	var (
		version, documentName string
		current               *spdxPackage
	)
	flush := func() error {
		if current == nil {
			return nil
		}
		m := current.asComponent()
		current = nil
		if err := c.add(m); err != nil {
			return t.errorf("%w", err)
		}
		return nil
	}
	for {
		tag, value, err := t.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if version == "" {
				return fmt.Errorf("%w; %w", ErrNotSBOM, err)
			}
			return err
		}
		switch tag {
		case "SPDXVersion":
			version = value
		case "DocumentName":
			documentName = value
		case "PackageName":
			if version == "" {
				return fmt.Errorf("%w; it has a PackageName before any SPDXVersion", ErrNotSBOM)
			}
			if err := flush(); err != nil {
				return err
			}
			current = &spdxPackage{}
			current.name = value
		case "Relationship": // it does not end the package that it stands in
			if fields := strings.Fields(value); len(fields) >= 3 {
				c.relate(fields[0], fields[1], fields[2])
			}
		case "FileName", "SnippetSPDXID", "LicenseID":
			if err := flush(); err != nil {
				return err
			}
		}
		if current == nil {
			continue
		}
		switch tag {
		case "SPDXID":
			current.ref = value
		case "PackageVersion":
			current.version = value
		case "PrimaryPackagePurpose":
			current.kind = value
		case "PackageFileName":
			current.fileName = value
		case "PackageSourceInfo":
			current.sourceInfo = value
		case "ExternalRef":
			// category type locator
			if fields := strings.Fields(value); len(fields) >= 3 {
				current.addReference(fields[1], fields[2])
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if version == "" {
		return fmt.Errorf("%w; its text has no SPDXVersion", ErrNotSBOM)
	}
	c.inv.Target.Kind, c.inv.Target.Name = "spdx", documentName
	return checkSPDX(version)
}

// A tagReader reads tags and values, a line each, or a value of several lines within
// <text> and </text>.
type tagReader struct {
	in     *bufio.Reader
	line   int
	offset int64
}

func (t *tagReader) errorf(format string, args ...any) error {
	return &SyntaxError{Line: t.line, Offset: t.offset, Err: fmt.Errorf(format, args...)}
}

// next gives the next tag with its value, without the spaces around them.
func (t *tagReader) next() (tag, value string, err error) {
	for {
		line, err := t.readLine()
		if err != nil {
			return "", "", err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, rest, ok := bytes.Cut(line, []byte(":"))
		if !ok || bytes.ContainsAny(key, " \t<>\"{}[]") || !utf8.Valid(key) {
			return "", "", t.errorf("%.60q is no line of the form \"Tag: value\"", line)
		}
		tag = string(key)
		rest = bytes.TrimSpace(rest)
		text, multi := bytes.CutPrefix(rest, []byte("<text>"))
		if !multi {
			return tag, textValue(rest), nil
		}
		begun := t.line
		kept, _, done := bytes.Cut(text, []byte("</text>"))
		kept = append([]byte(nil), kept...)
		for !done {
			if line, err = t.readLine(); err != nil {
				if err == io.EOF {
					err = t.errorf("the <text> of line %d does not end; is it truncated? Make it anew", begun)
				}
				return "", "", err
			}
			line, _, done = bytes.Cut(line, []byte("</text>"))
			if len(kept) < MaxText { // the rest of a licence or a comment is not read
				kept = append(append(kept, '\n'), line...)
			}
		}
		return tag, textValue(kept), nil
	}
}

// textValue is a value as a string of limited length. Only licences and comments are
// longer, which are not read.
func textValue(value []byte) string {
	return validText(bytes.TrimSpace(value[:min(len(value), MaxText)]))
}

// readLine reads a line without its end. It is valid until the next.
func (t *tagReader) readLine() ([]byte, error) {
	t.line++
	line, err := t.in.ReadSlice('\n')
	t.offset += int64(len(line))
	if err == bufio.ErrBufferFull {
		whole := append([]byte(nil), line...)
		for err == bufio.ErrBufferFull {
			if len(whole) > maxLine {
				return nil, t.errorf("a line is longer than %d bytes", maxLine)
			}
			line, err = t.in.ReadSlice('\n')
			t.offset += int64(len(line))
			whole = append(whole, line...)
		}
		line = whole
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
