package imagetest

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Media types of the OCI image specification.
const (
	mediaIndex     = "application/vnd.oci.image.index.v1+json"
	mediaManifest  = "application/vnd.oci.image.manifest.v1+json"
	mediaConfig    = "application/vnd.oci.image.config.v1+json"
	mediaLayer     = "application/vnd.oci.image.layer.v1.tar"
	mediaLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// A Compression says how layers are stored.
type Compression int

const (
	Plain Compression = iota
	Gzip
)

// DockerArchive writes the image as docker save does, in its older layout, which has
// no OCI layout beside it.
func (m *Image) DockerArchive(w io.Writer, c Compression) error {
	layers, config, err := m.blobs(c)
	if err != nil {
		return err
	}
	entry := dockerImage{Config: sum(config) + ".json", Layers: []string{}}
	if m.Tag != "" {
		entry.RepoTags = []string{m.Tag}
	}
	files := fileList{}
	files.add(entry.Config, config)
	for _, l := range layers {
		name := l.diffID + "/layer.tar"
		entry.Layers = append(entry.Layers, name)
		files.add(name, l.stored)
	}
	files.add("manifest.json", encode([]dockerImage{entry}))
	return files.tar(w)
}

// OCIArchive writes the tar of an OCI layout.
func (m *Image) OCIArchive(w io.Writer, c Compression) error {
	files, err := m.layout(c)
	if err != nil {
		return err
	}
	return files.tar(w)
}

// OCILayout writes an OCI layout into a directory, which it makes.
func (m *Image) OCILayout(dir string, c Compression) error {
	files, err := m.layout(c)
	if err != nil {
		return err
	}
	return files.write(dir)
}

// OCIIndexArchive writes the tar of an OCI layout whose index.json names one index of
// several images, as a build for several architectures does.
func OCIIndexArchive(w io.Writer, c Compression, images ...*Image) error {
	files := fileList{}
	files.add("oci-layout", encode(map[string]string{"imageLayoutVersion": "1.0.0"}))
	inner := index{SchemaVersion: 2, MediaType: mediaIndex}
	for _, m := range images {
		d, err := m.addTo(&files, c)
		if err != nil {
			return err
		}
		inner.Manifests = append(inner.Manifests, d)
	}
	d := files.blob(mediaIndex, encode(inner))
	files.add("index.json", encode(index{SchemaVersion: 2, MediaType: mediaIndex, Manifests: []descriptor{d}}))
	return files.tar(w)
}

func (m *Image) layout(c Compression) (fileList, error) {
	files := fileList{}
	files.add("oci-layout", encode(map[string]string{"imageLayoutVersion": "1.0.0"}))
	d, err := m.addTo(&files, c)
	if err != nil {
		return files, err
	}
	d.Platform = nil
	if m.Tag != "" {
		d.Annotations = map[string]string{"org.opencontainers.image.ref.name": m.Tag}
	}
	files.add("index.json", encode(index{SchemaVersion: 2, MediaType: mediaIndex, Manifests: []descriptor{d}}))
	return files, nil
}

// addTo adds the image's blobs and gives the descriptor of its manifest.
func (m *Image) addTo(files *fileList, c Compression) (descriptor, error) {
	layers, config, err := m.blobs(c)
	if err != nil {
		return descriptor{}, err
	}
	media := mediaLayer
	if c == Gzip {
		media = mediaLayerGzip
	}
	man := manifest{SchemaVersion: 2, MediaType: mediaManifest, Config: files.blob(mediaConfig, config), Layers: []descriptor{}}
	for _, l := range layers {
		man.Layers = append(man.Layers, files.blob(media, l.stored))
	}
	d := files.blob(mediaManifest, encode(man))
	d.Platform = &platform{Architecture: m.architecture(), OS: "linux"}
	return d, nil
}

type blob struct {
	diffID string // hex
	stored []byte
}

// blobs are the layers as stored, and the image's configuration.
func (m *Image) blobs(c Compression) ([]blob, []byte, error) {
	config := configuration{Architecture: m.architecture(), OS: "linux"}
	config.RootFS.Type = "layers"
	config.RootFS.DiffIDs = []string{}
	var layers []blob
	for i, l := range m.Layers {
		plain, err := l.Tar()
		if err != nil {
			return nil, nil, fmt.Errorf("layer %d: %w", i, err)
		}
		b := blob{diffID: sum(plain), stored: plain}
		if keep, ok := m.Cut[i]; ok {
			plain = plain[:min(keep, len(plain))]
			b.stored = plain
		}
		if c == Gzip {
			b.stored = compress(plain)
		}
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, "sha256:"+b.diffID)
		layers = append(layers, b)
	}
	return layers, encode(config), nil
}

func (m *Image) architecture() string { return cmp.Or(m.Architecture, "amd64") }

// Tar is the layer's tar, not compressed.
func (l Layer) Tar() ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range l {
		h := &tar.Header{Name: e.Name, Typeflag: e.Type, Linkname: e.Link, Size: int64(len(e.Content)), Mode: 0o644}
		if e.Type == tar.TypeDir {
			h.Mode = 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		if _, err := w.Write(e.Content); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// compress stores the bytes in a gzip stream: deflating differs between versions of Go.
func compress(plain []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	w.Write(plain) // to memory: cannot fail
	w.Close()
	return out.Bytes()
}

// The JSON of both formats, with what an image needs.
type (
	dockerImage struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	configuration struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
		RootFS       struct {
			Type    string   `json:"type"`
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	platform struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
	}
	descriptor struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int               `json:"size"`
		Platform    *platform         `json:"platform,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	manifest struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Config        descriptor   `json:"config"`
		Layers        []descriptor `json:"layers"`
	}
	index struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []descriptor `json:"manifests"`
	}
)

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // the types above always encode
	}
	return text
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// fileList is the files of a layout or archive, each name once, in order.
type fileList struct {
	files []Entry
	known map[string]bool
}

func (f *fileList) add(name string, content []byte) {
	if f.known == nil {
		f.known = map[string]bool{}
	}
	if !f.known[name] { // two equal layers are one file
		f.known[name] = true
		f.files = append(f.files, Entry{Name: name, Type: tar.TypeReg, Content: content})
	}
}

func (f *fileList) blob(media string, content []byte) descriptor {
	f.add("blobs/sha256/"+sum(content), content)
	return descriptor{MediaType: media, Digest: "sha256:" + sum(content), Size: len(content)}
}

func (f *fileList) tar(w io.Writer) error {
	archive, err := Layer(f.files).Tar()
	if err != nil {
		return err
	}
	_, err = w.Write(archive)
	return err
}

func (f *fileList) write(dir string) error {
	for _, e := range f.files {
		name := filepath.Join(dir, filepath.FromSlash(e.Name))
		if !strings.HasPrefix(name, filepath.Clean(dir)+string(filepath.Separator)) {
			return fmt.Errorf("%s is outside of the layout", e.Name)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, e.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
