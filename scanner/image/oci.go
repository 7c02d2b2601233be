package image

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Annotations of descriptors.
const (
	refName       = "org.opencontainers.image.ref.name"
	dockerRefType = "vnd.docker.reference.type" // buildx: "attestation-manifest"
)

// A candidate is an image that an index names.
type candidate struct {
	digest   v1.Hash
	platform string // "linux/amd64", "linux/arm/v7", "" where it is not said
	name     string
	manifest *v1.Manifest
}

// findOCI chooses an image of a layout's index, and of those within it: see the package
// comment.
func findOCI(s source, text []byte) (found, error) {
	var all []candidate
	if err := candidates(s, text, "", 0, &all); err != nil {
		return found{}, err
	}
	chosen, err := choose(all)
	if err != nil {
		return found{}, err
	}
	f := found{kind: KindOCI, name: chosen.name}
	for _, c := range all {
		if c.digest != chosen.digest {
			f.others = append(f.others, other{
				name:   fmt.Sprintf("image %s (%s)", cmp.Or(c.platform, "of unknown platform"), c.digest),
				reason: fmt.Sprintf("the index names several images; the one for %s was scanned: scan this one by itself", chosen.platform),
			})
		}
	}
	if f.config, err = verified(s, chosen.manifest.Config.Digest); err != nil {
		return found{}, fmt.Errorf("the image's configuration: %w", err)
	}
	for _, l := range chosen.manifest.Layers {
		f.layers = append(f.layers, blobName(l.Digest))
	}
	return f, nil
}

// candidates lists the images of an index and of the indexes within it, each once.
func candidates(s source, text []byte, name string, depth int, all *[]candidate) error {
	if depth > MaxNesting {
		return fmt.Errorf("its indexes are nested more than %d deep", MaxNesting)
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(text))
	if err != nil {
		return err
	}
	for _, d := range index.Manifests {
		if d.Annotations[dockerRefType] != "" {
			continue // says something of an image, and is none
		}
		body, err := verified(s, d.Digest)
		if err != nil {
			return err
		}
		name := cmp.Or(d.Annotations[refName], name)
		switch {
		case d.MediaType.IsIndex():
			err = candidates(s, body, name, depth+1, all)
		case d.MediaType.IsImage():
			err = addCandidate(d, body, name, all)
		default:
			err = fmt.Errorf("it is of media type %q, which is none of an image", d.MediaType)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", d.Digest, err)
		}
		if len(*all) > MaxLayers {
			return fmt.Errorf("it names more than %d images", MaxLayers)
		}
	}
	return nil
}

func addCandidate(d v1.Descriptor, body []byte, name string, all *[]candidate) error {
	m, err := v1.ParseManifest(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if t := m.Config.MediaType; t != types.OCIConfigJSON && t != types.DockerConfigJSON {
		return nil // an artifact in the form of an image: a chart
	}
	if len(m.Layers) > 0 && !slices.ContainsFunc(m.Layers, isFiles) {
		return nil // one that borrows the type of the configuration: cosign's signatures
	}
	if slices.ContainsFunc(*all, func(c candidate) bool { return c.digest == d.Digest }) {
		return nil
	}
	c := candidate{digest: d.Digest, name: name, manifest: m}
	if p := d.Platform; p != nil {
		c.platform = strings.TrimSuffix(p.OS+"/"+p.Architecture+"/"+p.Variant, "/")
	}
	*all = append(*all, c)
	return nil
}

// isFiles says whether a layer is a tar, as far as its media type says what it is: those of
// OCI and Docker all say so.
func isFiles(layer v1.Descriptor) bool {
	t := string(layer.MediaType)
	return t == "" || strings.Contains(t, ".tar") || strings.Contains(t, ".diff.")
}

// choose takes the only image, or else the one for linux/amd64, or else the one whose
// platform sorts first. Two for one platform leave it open which is meant.
func choose(all []candidate) (candidate, error) {
	if len(all) == 0 {
		return candidate{}, errors.New("it names no image")
	}
	const preferred = "linux/amd64"
	byPlatform := slices.SortedFunc(slices.Values(all), func(a, b candidate) int {
		first := func(c candidate) int {
			switch {
			case c.platform == preferred:
				return 0
			case strings.HasPrefix(c.platform, preferred+"/"): // amd64/v1
				return 1
			}
			return 2
		}
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(a.platform, b.platform))
	})
	if len(all) > 1 && byPlatform[0].platform == byPlatform[1].platform {
		return candidate{}, fmt.Errorf("it names several images for %s (%s, %s); copy one into a layout by itself",
			cmp.Or(byPlatform[0].platform, "no platform"), byPlatform[0].digest, byPlatform[1].digest)
	}
	return byPlatform[0], nil
}

func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// verified reads a blob and holds it against its digest.
func verified(s source, h v1.Hash) ([]byte, error) {
	if h.Algorithm != "sha256" {
		return nil, fmt.Errorf("%s: sha256 digests are read", h)
	}
	b, err := readAll(s, blobName(h))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != h.Hex {
		return nil, fmt.Errorf("%s has another digest than its name: it is damaged", blobName(h))
	}
	return b, nil
}
