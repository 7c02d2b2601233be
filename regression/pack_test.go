package regression_test

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/stella-ops/stella/scanner/image/imagetest"
)

// An image is the same one however it is packed. A case is scanned as the archive of
// docker save with plain layers; these are its other forms.

func dockerGzip(v *variant) error {
	return packed(v, "image.tar", func(m *imagetest.Image, f *os.File) error { return m.DockerArchive(f, imagetest.Gzip) })
}

func ociArchive(v *variant) error {
	return packed(v, "image.tar", func(m *imagetest.Image, f *os.File) error { return m.OCIArchive(f, imagetest.Gzip) })
}

func ociLayout(v *variant) error {
	m, err := recipe(v)
	if err != nil {
		return err
	}
	v.in.Target = filepath.Join(v.scratch, "image")
	return m.OCILayout(v.in.Target, imagetest.Plain)
}

func recipe(v *variant) (*imagetest.Image, error) {
	if filepath.Base(v.in.Target) != "image.txtar" {
		return nil, cannot("the target is no recipe of an image")
	}
	return imagetest.Parse([]byte(v.files[v.in.Target]))
}

// packed makes a file the target of a variant.
func packed(v *variant, name string, pack func(*imagetest.Image, *os.File) error) error {
	m, err := recipe(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(v.scratch, 0o755); err != nil {
		return err
	}
	v.in.Target = filepath.Join(v.scratch, name)
	f, err := os.Create(v.in.Target)
	if err != nil {
		return err
	}
	return errors.Join(pack(m, f), f.Close())
}
