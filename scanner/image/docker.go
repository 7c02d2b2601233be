package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// A found image is what an archive or layout says of the one that is scanned.
type found struct {
	name   string // "" where it has none
	kind   string
	config []byte
	layers []string // names of files in the source, the lowest first
	// others are the images that are not scanned, and why.
	others []other
}

type other struct{ name, reason string }

// Kinds of targets.
const (
	KindDocker = "docker-archive"
	KindOCI    = "oci-layout"
)

// find tells the formats apart: docker save of today writes both, and its manifest.json
// has the image's name.
func find(s source) (found, error) {
	for _, format := range []struct {
		mark string
		find func(source, []byte) (found, error)
	}{
		{"manifest.json", findDocker},
		{"index.json", findOCI},
	} {
		text, err := readAll(s, format.mark)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return found{}, err
		}
		f, err := format.find(s, text)
		if err != nil {
			return found{}, fmt.Errorf("%s: %w", format.mark, err)
		}
		return f, nil
	}
	return found{}, errors.New("it is no image: it has neither manifest.json (docker save) nor index.json (OCI layout)")
}

// findDocker reads the manifest.json of docker save.
func findDocker(s source, text []byte) (found, error) {
	var m tarball.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return found{}, err
	}
	if len(m) != 1 {
		return found{}, fmt.Errorf("the archive holds %d images%s; save one by itself", len(m), tagsOf(m))
	}
	f := found{kind: KindDocker, layers: m[0].Layers}
	if len(m[0].RepoTags) > 0 {
		f.name = m[0].RepoTags[0]
	}
	var err error
	f.config, err = readAll(s, m[0].Config)
	return f, err
}

func tagsOf(m tarball.Manifest) string {
	var tags []string
	for _, d := range m {
		tags = append(tags, d.RepoTags...)
	}
	if len(tags) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.500s)", strings.Join(tags, ", "))
}

// diffIDs are the digests of the layers, unpacked, that an image's configuration names:
// all by sha256, the only algorithm that v1.Hash takes.
func (f found) diffIDs() ([]v1.Hash, error) {
	var config v1.ConfigFile
	if err := json.Unmarshal(f.config, &config); err != nil {
		return nil, fmt.Errorf("the image's configuration: %w", err)
	}
	ids := config.RootFS.DiffIDs
	switch {
	case len(ids) != len(f.layers):
		return nil, fmt.Errorf("the image's manifest names %d layers and its configuration %d: one of them is damaged", len(f.layers), len(ids))
	case len(ids) > MaxLayers:
		return nil, fmt.Errorf("the image has %d layers, more than %d", len(ids), MaxLayers)
	}
	return ids, nil
}
