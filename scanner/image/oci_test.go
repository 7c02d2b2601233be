package image

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/image/imagetest"
)

// A layout is an OCI layout that is put together by hand, in a tar.
type layout struct {
	entries imagetest.Layer
	known   map[string]bool
}

func (l *layout) file(name, text string) {
	if l.known == nil {
		l.known = map[string]bool{}
	}
	if !l.known[name] {
		l.known[name] = true
		l.entries = append(l.entries, imagetest.Entry{Name: name, Type: tar.TypeReg, Content: []byte(text)})
	}
}

func digest(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// blob adds a blob and gives the members of JSON that name it.
func (l *layout) blob(text string) string {
	l.file("blobs/sha256/"+digest(text), text)
	return fmt.Sprintf(`"digest":"sha256:%s","size":%d`, digest(text), len(text))
}

const (
	ociIndex    = `"mediaType":"application/vnd.oci.image.index.v1+json",`
	ociManifest = `"mediaType":"application/vnd.oci.image.manifest.v1+json",`
	ociConfig   = `"mediaType":"application/vnd.oci.image.config.v1+json",`
)

// image adds an image without layers; comment makes it another one.
func (l *layout) image(comment string) string {
	config := l.blob(fmt.Sprintf(`{"comment":%q,"rootfs":{"type":"layers","diff_ids":[]}}`, comment))
	return ociManifest + l.blob(fmt.Sprintf(`{"schemaVersion":2,"config":{%s%s},"layers":[]}`, ociConfig, config))
}

func platformOf(os, architecture, variant string) string {
	return fmt.Sprintf(`,"platform":{"os":%q,"architecture":%q,"variant":%q}`, os, architecture, variant)
}

// index is an index of descriptors, each the members of its object.
func index(descriptors ...string) string {
	var all []string
	for _, d := range descriptors {
		all = append(all, "{"+d+"}")
	}
	return `{"schemaVersion":2,"manifests":[` + strings.Join(all, ",") + `]}`
}

func TestReadLayoutRefuses(t *testing.T) {
	const nothing = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, row := range []struct {
		name  string
		index func(l *layout) string
		want  []string
	}{
		{"no JSON", func(*layout) string { return "{" }, []string{"index.json: unexpected EOF"}},
		{"no image", func(*layout) string { return index() }, []string{"index.json: it names no image"}},
		{"no digest", func(*layout) string { return index(ociManifest + `"size":1`) }, []string{"index.json: ", "sha256 digests are read"}},
		{"another algorithm", func(*layout) string { return index(ociManifest + `"digest":"sha512:aa"`) }, []string{"index.json: ", "sha512"}},
		{"a blob that is missing", func(*layout) string { return index(ociManifest + `"digest":"` + nothing + `"`) }, []string{"index.json: blobs/sha256/aaaa", "is not in the archive"}},
		{"a blob of other bytes", func(l *layout) string {
			l.file("blobs/sha256/"+nothing[7:], "{}")
			return index(ociManifest + `"digest":"` + nothing + `"`)
		}, []string{"index.json: blobs/sha256/aaaa", "has another digest than its name: it is damaged"}},
		{"another media type", func(l *layout) string { return index(`"mediaType":"text/plain",` + l.blob("{}")) }, []string{
			"index.json: sha256:" + digest("{}"), `it is of media type "text/plain", which is none of an image`,
		}},
		{"a manifest that is no JSON", func(l *layout) string { return index(ociManifest + l.blob("[")) }, []string{"index.json: sha256:" + digest("[") + ": unexpected EOF"}},
		{"an index within that is no JSON", func(l *layout) string { return index(ociIndex + l.blob("[")) }, []string{"index.json: sha256:" + digest("[") + ": unexpected EOF"}},
		{"an index within of a blob that is missing", func(l *layout) string {
			return index(ociIndex + l.blob(index(ociManifest+`"digest":"`+nothing+`"`)))
		}, []string{"index.json: sha256:", ": blobs/sha256/aaaa"}},
		{"a configuration that is missing", func(l *layout) string {
			return index(ociManifest + l.blob(`{"config":{`+ociConfig+`"digest":"`+nothing+`"}}`))
		}, []string{"index.json: the image's configuration: blobs/sha256/aaaa"}},
		{"a configuration without a digest", func(l *layout) string {
			return index(ociManifest + l.blob(`{"config":{`+ociConfig+`"size":1}}`))
		}, []string{"index.json: the image's configuration: ", "sha256 digests are read"}},
		{"a configuration that is no JSON", func(l *layout) string {
			return index(ociManifest + l.blob(`{"config":{`+ociConfig+l.blob("[")+`}}`))
		}, []string{"the image's configuration: unexpected end of JSON"}},
		{"a digest of a layer that is none", func(l *layout) string {
			return index(ociManifest + l.blob(`{"config":{`+ociConfig+l.blob(`{"rootfs":{"diff_ids":["md5:aa"]}}`)+`}}`))
		}, []string{"the image's configuration: ", "md5"}},
		{"too many layers", func(l *layout) string {
			id := `"` + nothing + `"` + strings.Repeat(`,"`+nothing+`"`, MaxLayers)
			layer := `{"digest":"` + nothing + `"}` + strings.Repeat(`,{"digest":"`+nothing+`"}`, MaxLayers)
			return index(ociManifest + l.blob(`{"config":{`+ociConfig+l.blob(`{"rootfs":{"diff_ids":[`+id+`]}}`)+`},"layers":[`+layer+`]}`))
		}, []string{"the image has 1001 layers, more than 1000"}},
		{"as many layers as may be", func(l *layout) string {
			id := `"` + nothing + `"` + strings.Repeat(`,"`+nothing+`"`, MaxLayers-1)
			layer := `{"digest":"` + nothing + `"}` + strings.Repeat(`,{"digest":"`+nothing+`"}`, MaxLayers-1)
			return index(ociManifest + l.blob(`{"config":{`+ociConfig+l.blob(`{"rootfs":{"diff_ids":[`+id+`]}}`)+`},"layers":[`+layer+`]}`))
		}, []string{"layer 0 (" + nothing + "): blobs/sha256/aaaa"}},
		{"too many images", func(l *layout) string {
			var all []string
			for i := range MaxLayers + 1 {
				all = append(all, ociManifest+l.blob(fmt.Sprintf(`{"annotations":{"n":"%d"},"config":{%s%s}}`, i, ociConfig, l.blob("{}"))))
			}
			return index(all...)
		}, []string{"it names more than 1000 images"}},
		{"two of one platform", func(l *layout) string {
			return index(l.image("a")+platformOf("linux", "arm64", ""), l.image("b")+platformOf("linux", "arm64", ""))
		}, []string{"it names several images for linux/arm64 (sha256:", "copy one into a layout by itself"}},
		{"two of no platform", func(l *layout) string { return index(l.image("a"), l.image("b")) }, []string{"it names several images for no platform (sha256:"}},
		{"a chart alone", func(l *layout) string {
			return index(ociManifest + l.blob(`{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json",`+l.blob("{}")+`}}`))
		}, []string{"it names no image"}},
		{"a signature alone", func(l *layout) string {
			return index(ociManifest + l.blob(`{"config":{`+ociConfig+l.blob("{}")+`},"layers":[{"mediaType":"text/plain",`+l.blob("x")+`}]}`))
		}, []string{"it names no image"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := &layout{}
			l.file("index.json", row.index(l))
			inv, err := Read(tarFile(t, l.entries))
			require.Zero(t, inv)
			for _, want := range row.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// Which image of an index is scanned, and what is said of the rest.
func TestChooseOfLayout(t *testing.T) {
	for _, row := range []struct {
		name  string
		index func(l *layout) string
		want  string   // the comment of the one that is scanned
		as    string   // its name
		rest  []string // what is not scanned, without its digest
	}{
		{"one of no name", func(l *layout) string { return index(l.image("a")) }, "a", "image.tar", nil},
		{"a name", func(l *layout) string {
			return index(l.image("a") + `,"annotations":{"org.opencontainers.image.ref.name":"shop:1"}`)
		}, "a", "shop:1", nil},
		{"the name of the index around it", func(l *layout) string {
			return index(ociIndex + l.blob(index(l.image("a"))) + `,"annotations":{"org.opencontainers.image.ref.name":"shop:1"}`)
		}, "a", "shop:1", nil},
		{"its own name first", func(l *layout) string {
			inner := l.blob(index(l.image("a") + `,"annotations":{"org.opencontainers.image.ref.name":"own"}`))
			return index(ociIndex + inner + `,"annotations":{"org.opencontainers.image.ref.name":"shop:1"}`)
		}, "a", "own", nil},
		{"named twice", func(l *layout) string { return index(l.image("a"), l.image("a")) }, "a", "image.tar", nil},
		{"an attestation beside it, which need not be there", func(l *layout) string {
			return index(ociManifest+`"digest":"sha256:`+strings.Repeat("a", 64)+`","annotations":{"vnd.docker.reference.type":"attestation-manifest"}`, l.image("a"))
		}, "a", "image.tar", nil},
		{"a chart beside it", func(l *layout) string {
			return index(ociManifest+l.blob(`{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json",`+l.blob("{}")+`}}`), l.image("a"))
		}, "a", "image.tar", nil},
		{"Docker's media types", func(l *layout) string {
			config := l.blob(`{"comment":"a","rootfs":{"diff_ids":[]}}`)
			return index(`"mediaType":"application/vnd.docker.distribution.manifest.v2+json",` + l.blob(`{"config":{"mediaType":"application/vnd.docker.container.image.v1+json",`+config+`}}`))
		}, "a", "image.tar", nil},
		{"a variant of amd64 before others", func(l *layout) string {
			return index(l.image("a")+platformOf("linux", "386", ""), l.image("b")+platformOf("linux", "amd64", "v1"), l.image("c")+platformOf("linux", "amd64", "v3"))
		}, "b", "image.tar", []string{"linux/386, for linux/amd64/v1", "linux/amd64/v3, for linux/amd64/v1"}},
		{"amd64 before its variants", func(l *layout) string {
			return index(l.image("a")+platformOf("linux", "amd64", "v1"), l.image("b")+platformOf("linux", "amd64", ""), l.image("c"))
		}, "b", "image.tar", []string{"linux/amd64/v1, for linux/amd64", "of unknown platform, for linux/amd64"}},
		{"amd64 of another system", func(l *layout) string {
			return index(l.image("a")+platformOf("windows", "amd64", ""), l.image("b")+platformOf("linux", "arm", "v7"))
		}, "b", "image.tar", []string{"windows/amd64, for linux/arm/v7"}},
		{"as deep as may be", func(l *layout) string {
			inner := index(l.image("a"))
			for range MaxNesting {
				inner = index(ociIndex + l.blob(inner))
			}
			return inner
		}, "a", "image.tar", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := &layout{}
			l.file("index.json", row.index(l))
			inv, err := Read(tarFile(t, l.entries))
			require.NoError(t, err)
			require.Equal(t, KindOCI, inv.Target.Kind)
			require.Equal(t, row.as, inv.Target.Name)
			scanned := ""
			for _, e := range l.entries {
				if digest(string(e.Content)) == inv.Target.SHA256 {
					scanned = string(e.Content)
				}
			}
			require.Contains(t, scanned, fmt.Sprintf(`"comment":%q`, row.want))
			var rest []string
			for _, u := range inv.Unreadable {
				platform, digest, _ := strings.Cut(strings.TrimPrefix(u.Package, "image "), " (")
				require.Len(t, digest, len("sha256:)")+64)
				_, one, _ := strings.Cut(u.Reason, "the one for ")
				one, _, _ = strings.Cut(one, " was scanned")
				rest = append(rest, platform+", for "+one)
			}
			require.Equal(t, row.rest, rest)
		})
	}
	l := &layout{}
	inner := index(l.image("a"))
	for range MaxNesting + 1 {
		inner = index(ociIndex + l.blob(inner))
	}
	l.file("index.json", inner)
	_, err := Read(tarFile(t, l.entries))
	require.ErrorContains(t, err, "its indexes are nested more than 8 deep")
}

// A layer is files by its media type, or says nothing of what it is.
func TestLayersThatAreFiles(t *testing.T) {
	for media, want := range map[string]bool{
		"": true,
		"application/vnd.oci.image.layer.v1.tar+zstd":             true,
		"application/vnd.oci.image.layer.nondistributable.v1.tar": true,
		"application/vnd.docker.image.rootfs.diff.tar.gzip":       true,
		"application/vnd.docker.image.rootfs.foreign.diff.x":      true,
		"application/vnd.dev.cosign.simplesigning.v1+json":        false,
		"application/vnd.cncf.helm.chart.provenance.v1.prov":      false,
	} {
		l := &layout{}
		config := l.blob(`{"rootfs":{"diff_ids":["sha256:` + strings.Repeat("a", 64) + `"]}}`)
		l.file("index.json", index(ociManifest+l.blob(`{"config":{`+ociConfig+config+`},"layers":[{"mediaType":"`+media+`",`+l.blob("x")+`}]}`)))
		_, err := Read(tarFile(t, l.entries))
		if want {
			require.ErrorContains(t, err, "layer 0", media)
		} else {
			require.ErrorContains(t, err, "it names no image", media)
		}
	}
}
