package sbom

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/composition"
	"github.com/stella-ops/stella/scanner/purl"
	"github.com/stella-ops/stella/scanner/reach"
)

// A component is what any of the formats says of one thing that it lists.
type component struct {
	ref       string // bom-ref or SPDXID
	kind      string // CycloneDX type, or SPDX primary package purpose in lower case
	group     string
	name      string
	version   string
	cpe       string
	purls     []string
	locations []string
	props     properties
	subject   bool                     // CycloneDX metadata.component
	calls     *reach.ComponentEvidence // CycloneDX evidence, without its ecosystem
}

// identifier is what VEX documents may call the component: its purl, or "name@version".
func (m *component) identifier() string {
	switch {
	case len(m.purls) > 0:
		return m.purls[0]
	case m.name == "" || m.version == "":
		return ""
	}
	return m.name + "@" + m.version
}

// properties are what generators say where the format has no field for it.
type properties struct {
	packageType                               string // syft's or trivy's word for it
	source, sourceVersion                     string
	sourceRelease, sourceEpoch                string // trivy has them apart
	distroID, distroVersion, origin, location string
}

// field is where the property name is kept, nil where it is none that is known.
func (p *properties) field(name []byte) *string {
	switch string(name) {
	case "aquasecurity:trivy:PkgType", "syft:package:type":
		return &p.packageType
	case "aquasecurity:trivy:SrcName", "syft:metadata:source":
		return &p.source
	case "aquasecurity:trivy:SrcVersion", "syft:metadata:sourceVersion":
		return &p.sourceVersion
	case "aquasecurity:trivy:SrcRelease":
		return &p.sourceRelease
	case "aquasecurity:trivy:SrcEpoch":
		return &p.sourceEpoch
	case "syft:metadata:originPackage":
		return &p.origin
	case "syft:distro:id":
		return &p.distroID
	case "syft:distro:versionID":
		return &p.distroVersion
	case "aquasecurity:trivy:FilePath", "syft:location:0:path":
		return &p.location
	}
	return nil
}

// purlTypes goes from the package types of syft and trivy to those of purl-spec,
// for components without a purl.
var purlTypes = map[string]string{
	"deb": "deb", "debian": "deb", "ubuntu": "deb",
	"apk": "apk", "alpine": "apk", "wolfi": "apk", "chainguard": "apk",
	"rpm": "rpm", "redhat": "rpm", "alma": "rpm", "rocky": "rpm", "photon": "rpm", "opensuse-leap": "rpm",
	"npm": "npm", "node-pkg": "npm", "yarn": "npm", "pnpm": "npm",
	"python": "pypi", "python-pkg": "pypi", "pip": "pypi", "pipenv": "pypi", "poetry": "pypi", "uv": "pypi",
	"go-module": "golang", "gomod": "golang", "gobinary": "golang",
	"java-archive": "maven", "jar": "maven", "pom": "maven", "gradle": "maven",
	"rust-crate": "cargo", "cargo": "cargo", "rustbinary": "cargo",
	"gem": "gem", "gemspec": "gem", "bundler": "gem",
	"php-composer": "composer", "composer": "composer", "composer-vendor": "composer",
	"dotnet": "nuget", "nuget": "nuget", "dotnet-core": "nuget",
	"hex": "hex", "dart-pub": "pub", "pub": "pub", "conan": "conan", "swift": "swift",
}

// sourcePackage is the source package that the properties name.
func (p *properties) sourcePackage() purl.Source {
	if p.source == "" {
		return purl.Source{Name: p.origin}
	}
	version := p.sourceVersion
	if version != "" && p.sourceRelease != "" {
		version += "-" + p.sourceRelease
	}
	if version != "" && p.sourceEpoch != "" && p.sourceEpoch != "0" {
		version = p.sourceEpoch + ":" + version
	}
	return purl.Source{Name: p.source, Version: version}
}

// A collector makes an inventory of the components of one SBOM.
type collector struct {
	inv      scanner.Inventory
	packages packages
	seen     int               // components so far
	intern   map[string]string // ecosystems: few, and repeated
	graph    *composition.Graph
	// loose are the numbers of components that are nested in none that has been read to
	// its end.
	loose []int32

	distros []purl.Distro // that the operating systems name, each release once
	// described are the SPDXIDs of the document's subjects.
	described map[string]struct{}
	// pending are packages that could not be identified when they were met: the
	// operating system may come after them. They are tried again at the end.
	pending []pendingPackage
}

type pendingPackage struct {
	at      int // its place in packages
	subject bool
	ref     string
	as      purl.Component
	pkg     scanner.Package
}

func newCollector() *collector {
	return &collector{
		graph:     composition.New(),
		intern:    map[string]string{},
		described: map[string]struct{}{},
	}
}

// add takes one component of the SBOM.
func (c *collector) add(m *component) error {
	if c.seen++; c.seen > MaxComponents {
		return fmt.Errorf("it lists more than %d components; split it", MaxComponents)
	}
	number, isNew := c.graph.Declare(m.ref, m.identifier())
	if !isNew {
		return fmt.Errorf("two components have the bom-ref or SPDXID %q, which is to be unique; give each its own, or drop one", m.ref)
	}
	c.loose = append(c.loose, number)
	if m.subject {
		c.graph.SetTarget(number)
	}
	if m.kind == "operating-system" {
		c.addDistro(m)
		if len(m.purls) == 0 {
			return nil
		}
	}
	if len(m.purls) == 0 {
		switch m.kind {
		case "", "library", "framework":
		default:
			if m.version == "" || m.subject {
				return nil
			}
		}
	}
	pkg := scanner.Package{Place: c.graph.Place(number), Evidence: m.calls}
	if n := len(m.locations); n > 0 || m.ref != "" || m.props.location != "" {
		pkg.Locations = make([]string, 0, n+2)
		if m.ref != "" {
			pkg.Locations = append(pkg.Locations, m.ref)
		}
		pkg.Locations = append(pkg.Locations, m.locations...)
		if m.props.location != "" {
			pkg.Locations = append(pkg.Locations, m.props.location)
		}
	}
	as := purl.Component{
		Type:    purlTypes[m.props.packageType],
		Group:   m.group,
		Name:    m.name,
		Version: m.version,
		CPE:     m.cpe,
		Source:  m.props.sourcePackage(),
	}
	if len(m.purls) == 0 {
		c.identify(m, as, pkg)
	}
	for _, p := range m.purls {
		as.PURL, pkg.PURL = p, p
		c.identify(m, as, pkg)
	}
	return nil
}

func (c *collector) identify(m *component, as purl.Component, pkg scanner.Package) {
	id, err := purl.Identify(as)
	if err != nil {
		c.pending = append(c.pending, pendingPackage{at: c.packages.len(), subject: m.subject, ref: m.ref, as: as, pkg: pkg})
		return
	}
	c.packages.add(c.complete(pkg, id))
}

func (c *collector) complete(pkg scanner.Package, id purl.Identity) scanner.Package {
	ecosystem, ok := c.intern[id.Ecosystem]
	if !ok {
		ecosystem = id.Ecosystem
		c.intern[ecosystem] = ecosystem
	}
	pkg.Ecosystem, pkg.Name, pkg.Version = ecosystem, id.Name, id.Version
	if pkg.Evidence != nil {
		calls := *pkg.Evidence // a component of several purls has it several times
		calls.Ecosystem, _, _ = strings.Cut(ecosystem, ":")
		pkg.Evidence = &calls
	}
	return pkg
}

// nest makes the component that was added last the parent of those that have been added
// since mark loose ones were there, which were read within it.
func (c *collector) nest(mark int) error {
	last := len(c.loose) - 1
	parent := c.loose[last]
	for _, child := range c.loose[mark:last] {
		if err := c.graph.Nest(parent, child); err != nil {
			return err
		}
	}
	c.loose = append(c.loose[:mark], parent)
	return nil
}

func (c *collector) addDistro(m *component) {
	d := purl.Distro{ID: m.name, Version: m.version}
	if m.props.distroID != "" {
		d.ID = m.props.distroID
	}
	if m.props.distroVersion != "" {
		d.Version = m.props.distroVersion
	}
	ecosystem, err := d.Ecosystem()
	for _, known := range c.distros {
		if same, errKnown := known.Ecosystem(); known == d || err == nil && errKnown == nil && same == ecosystem {
			return
		}
	}
	c.distros = append(c.distros, d)
}

// inventory ends the collection.
func (c *collector) inventory() scanner.Inventory {
	if len(c.described) == 1 {
		for ref := range c.described {
			c.graph.SetTarget(c.graph.Refer([]byte(ref)))
		}
	}
	var distro purl.Distro
	if len(c.distros) == 1 {
		distro = c.distros[0]
	}
	met := c.packages.all()
	var packages []scanner.Package
	taken := 0
	for _, p := range c.pending {
		p.as.Distro = distro
		id, err := purl.Identify(p.as)
		if err == nil {
			packages = append(packages, met[taken:p.at]...)
			packages, taken = append(packages, c.complete(p.pkg, id)), p.at
			continue
		}
		if c.isTarget(p) && errors.Is(err, purl.ErrNoEcosystem) {
			continue
		}
		reason := err.Error()
		if len(c.distros) > 1 {
			reason += fmt.Sprintf(" (the SBOM lists %d operating systems, none of which is taken for its)", len(c.distros))
		}
		c.inv.Unreadable = append(c.inv.Unreadable, scanner.NotEvaluated{Package: label(p), Reason: reason})
	}
	c.graph.Close()
	c.inv.Packages = met
	if len(packages) > 0 {
		c.inv.Packages = append(packages, met[taken:]...)
	}
	return c.inv
}

// isTarget reports whether p is what the SBOM is about: an image, or an application
// without a purl. A document that describes several packages is about none of them, and
// what a purl names otherwise is a package that somebody expects to be judged.
func (c *collector) isTarget(p pendingPackage) bool {
	_, described := c.described[p.ref]
	if !p.subject && (!described || p.ref == "" || len(c.described) > 1) {
		return false
	}
	lower := strings.ToLower(p.pkg.PURL)
	return lower == "" || strings.HasPrefix(lower, "pkg:oci/") || strings.HasPrefix(lower, "pkg:docker/")
}

// label names a package in a report: its purl, else its name, else where it is.
func label(p pendingPackage) string {
	for _, s := range []string{p.pkg.PURL, p.as.Name, strings.Join(p.pkg.Locations, ", ")} {
		if s != "" {
			return s
		}
	}
	return "(a component without a name)"
}
