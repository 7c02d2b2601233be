package imagetest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
)

// archive is a zip that is being put together. A member may be another one.
type archive struct {
	members []member
}

type member struct {
	name    string
	content []byte
	inner   *archive
}

// add puts a file at a path, which "!/" leads into inner archives.
func (a *archive) add(path string, content []byte) error {
	name, rest, nested := strings.Cut(path, "!/")
	for i, m := range a.members {
		if m.name != name {
			continue
		}
		if !nested || m.inner == nil {
			return fmt.Errorf("%s is in the archive already", name)
		}
		return a.members[i].inner.add(rest, content)
	}
	if !nested {
		a.members = append(a.members, member{name: name, content: content})
		return nil
	}
	inner := &archive{}
	a.members = append(a.members, member{name: name, inner: inner})
	return inner.add(rest, content)
}

// bytes stores the members without compression.
func (a *archive) bytes() ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, m := range a.members {
		content := m.content
		if m.inner != nil {
			var err error
			if content, err = m.inner.bytes(); err != nil {
				return nil, err
			}
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
