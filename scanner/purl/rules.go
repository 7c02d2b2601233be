package purl

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A rule goes from a parsed purl to the identity; c fills what the purl leaves out.
type rule func(u locator, c Component) (Identity, error)

// rules has one entry for each purl type that has an ecosystem in OSV.
var rules = map[string]rule{
	"apk":           apk,
	"bioconductor":  plain("Bioconductor"),
	"bitnami":       bitnami,
	"cargo":         cargo,
	"composer":      grouped("Packagist", "/"),
	"conan":         plain("ConanCenter"),
	"cran":          plain("CRAN"),
	"deb":           deb,
	"gem":           gem,
	"github":        githubAction,
	"githubactions": githubAction, // as GitHub's own SBOM export writes it
	"golang":        golang,
	"hackage":       plain("Hackage"),
	"hex":           plain("Hex"),
	"julia":         plain("Julia"),
	"maven":         grouped("Maven", ":"),
	"npm":           npm,
	"nuget":         plain("NuGet"),
	"opam":          plain("opam"),
	"pub":           plain("Pub"),
	"pypi":          plain("PyPI"),
	"rpm":           rpm,
	"swift":         swift,

	"vscode-extension": grouped("VSCode", "."), // the marketplace's itemName
}

// plain is the rule of a registry whose names have no namespace. A purl that has one
// means another registry: a Hex organisation, a Conan user.
func plain(ecosystem string) rule {
	return func(u locator, c Component) (Identity, error) {
		if c.PURL == "" {
			u.namespace = "" // a component's group is the publisher there
		}
		if u.namespace != "" {
			return Identity{}, fmt.Errorf("%w: %s names have no namespace, but its purl has %q", ErrNoEcosystem, ecosystem, u.namespace)
		}
		return Identity{Ecosystem: ecosystem, Name: u.name, Version: u.version}, nil
	}
}

// cargo names a crate of crates.io. One that cargo took from a git repository is
// another artifact, whoever owns its name in the registry; cargo-cyclonedx says so.
func cargo(u locator, c Component) (Identity, error) {
	if strings.HasPrefix(u.vcsURL, "git+") {
		return Identity{}, fmt.Errorf("%w: it comes from git, %s, not from crates.io", ErrNoEcosystem, u.vcsURL)
	}
	return plain("crates.io")(u, c)
}

// gemPlatform finds the platform behind a version, "1.19.3-x86_64-linux-gnu": it begins
// with a processor, or with what runs Ruby in place of one (Gem::Platform). Other
// versions with a '-' are pre-releases.
var gemPlatform = regexp.MustCompile(`^([0-9][0-9A-Za-z.]*)-(?:x86|x64|i[3-6]86|amd64|aarch64|arm|ppc|powerpc|s390|riscv|sparc|universal|java|jruby|truffleruby|mswin|mingw|dalvik|wasm)[0-9A-Za-z_.-]*$`)

func gem(u locator, c Component) (Identity, error) {
	if m := gemPlatform.FindStringSubmatch(u.version); m != nil {
		u.version = m[1]
	}
	return plain("RubyGems")(u, c)
}

// bitnamiRevision finds the revision of a container behind the version of what is in
// it, "15.5.0-1". By Bitnami's order it comes after the version; its records have none,
// and their order, SemVer's, would take it for a pre-release.
var bitnamiRevision = regexp.MustCompile(`^([0-9]+\.[0-9]+\.[0-9]+)-[0-9]+$`)

func bitnami(u locator, c Component) (Identity, error) {
	if m := bitnamiRevision.FindStringSubmatch(u.version); m != nil {
		u.version = m[1]
	}
	return plain("Bitnami")(u, c)
}

// grouped is the rule of a registry whose names have two parts.
func grouped(ecosystem, separator string) rule {
	return func(u locator, c Component) (Identity, error) {
		group, err := namespaceOf(ecosystem, u, c)
		if err != nil {
			return Identity{}, err
		}
		if strings.Contains(group, "/") {
			return Identity{}, fmt.Errorf("its purl has the namespace %q, and none of %s has a slash", group, ecosystem)
		}
		return Identity{Ecosystem: ecosystem, Name: group + separator + u.name, Version: u.version}, nil
	}
}

// namespaceOf is the first part of a name that needs one.
func namespaceOf(ecosystem string, u locator, c Component) (string, error) {
	switch {
	case u.namespace != "":
		return u.namespace, nil
	case c.Group != "":
		return c.Group, nil
	}
	return "", fmt.Errorf("its purl has no namespace, which a name of %s needs", ecosystem)
}

// githubAction names the repository. An action, or a reusable workflow, may be a
// directory of it, which has no advisories of its own.
func githubAction(u locator, c Component) (Identity, error) {
	owner, err := namespaceOf("GitHub Actions", u, c)
	if err != nil {
		return Identity{}, err
	}
	repository := u.name
	if first, rest, deep := strings.Cut(owner, "/"); deep {
		owner = first
		repository, _, _ = strings.Cut(rest, "/")
	}
	return Identity{Ecosystem: "GitHub Actions", Name: owner + "/" + repository, Version: u.version}, nil
}

// swift gives the URL of the repository: its host and path, of any depth.
func swift(u locator, c Component) (Identity, error) {
	place, err := namespaceOf("SwiftURL", u, c)
	if err != nil {
		return Identity{}, err
	}
	return Identity{Ecosystem: "SwiftURL", Name: place + "/" + u.name, Version: u.version}, nil
}

// npm joins scope and name. purl-spec makes the scope the namespace; real SBOMs also
// put it into the name ("@vitest%2Fmocker"), with a namespace beside it or without.
func npm(u locator, _ Component) (Identity, error) {
	name := u.name
	switch {
	case strings.HasPrefix(name, "@") && strings.Count(name, "/") == 1:
		// "angular/%40angular%2Fanimations": the name alone is whole.
		if scope := strings.TrimPrefix(u.namespace, "@"); scope != "" && !strings.HasPrefix(name, "@"+scope+"/") {
			return Identity{}, fmt.Errorf("its purl names two npm scopes, %q and the one of %q", u.namespace, name)
		}
	case u.namespace != "":
		if !strings.HasPrefix(u.namespace, "@") || strings.Contains(u.namespace, "/") {
			return Identity{}, fmt.Errorf("its purl has the namespace %q, which is no npm scope: one begins with '@'", u.namespace)
		}
		name = u.namespace + "/" + name
	}
	return Identity{Ecosystem: "npm", Name: name, Version: u.version}, nil
}

// golang gives the module path with its case, and the version without its 'v', as
// OSV's SEMVER ranges have it.
func golang(u locator, c Component) (Identity, error) {
	path := u.name
	if u.namespace != "" {
		path = u.namespace + "/" + u.name
	}
	path = unescapePath(path)
	if strings.EqualFold(path, c.Name) {
		// purl-spec lowers module paths; CycloneDX's own name field does not.
		path = c.Name
	}
	version := u.version
	switch path {
	case "std", "stdlib":
		// The Go vulnerability database calls the standard library "stdlib".
		path, version = "stdlib", goRelease(version)
	case "toolchain":
		version = goRelease(version)
	default:
		// The subpath is a directory of the module (purl-spec), but generators also cut
		// long module paths there. The component's own name tells which it is; a major
		// version suffix ("#v2") is always part of the module path.
		if whole := path + "/" + u.subpath; u.subpath != "" && whole == c.Name {
			path = whole
		} else if first, _, _ := strings.Cut(u.subpath, "/"); isMajorSuffix(first) {
			path += "/" + first
		}
		if len(version) > 1 && version[0] == 'v' && isDigit(version[1]) {
			version = version[1:]
		}
	}
	return Identity{Ecosystem: "Go", Name: path, Version: version}, nil
}

// unescapePath undoes the escaping of capitals in a module path ("!azure"), as the
// module proxy's URLs and its cache have it; a path itself has no '!' (Go modules
// reference, "Module cache").
func unescapePath(path string) string {
	if !strings.Contains(path, "!") {
		return path
	}
	b := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] == '!' && i+1 < len(path) && 'a' <= path[i+1] && path[i+1] <= 'z' {
			i++
			b = append(b, path[i]-'a'+'A')
			continue
		}
		b = append(b, path[i])
	}
	return string(b)
}

// goRelease turns a Go release's tag into the semantic version that the Go
// vulnerability database uses: go1.21rc2 is 1.21.0-rc.2.
func goRelease(tag string) string {
	v := strings.TrimPrefix(strings.TrimPrefix(tag, "go"), "v")
	for _, kind := range []string{"beta", "rc"} {
		if release, n, ok := strings.Cut(v, kind); ok && !strings.Contains(release, "-") && n != "" {
			if strings.Count(release, ".") == 1 {
				release += ".0"
			}
			return release + "-" + kind + "." + n
		}
	}
	return v
}

// isMajorSuffix reports whether s is v2, v3 and so on (Go modules reference, "Major
// version suffixes").
func isMajorSuffix(s string) bool {
	if len(s) < 2 || s[0] != 'v' || s[1] == '0' || s == "v1" {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// deb names the source package, in its own version: a binary rebuild ("+b1") and a
// binary's own epoch are not the source's.
func deb(u locator, c Component) (Identity, error) {
	ecosystem, err := ecosystemOf(u, c)
	if err != nil {
		return Identity{}, err
	}
	// Policy manual, 5.6.1: names are in lower case.
	name, version := strings.ToLower(u.name), u.version
	if headersOnly(name) {
		return Identity{}, errors.New("it holds the kernel's headers and no code of it, so that the advisories of its source do not concern it")
	}
	// A version without epoch may have it apart, as rpm purls do.
	if u.epoch != "" && u.epoch != "0" && version != "" && !strings.Contains(version, ":") {
		version = u.epoch + ":" + version
	}
	if source := sourceOf(u, c); source.Name != "" {
		name = source.Name
		if source.Version != "" {
			version = source.Version
		}
	}
	return Identity{Ecosystem: ecosystem, Name: name, Version: version}, nil
}

// headersOnly reports whether a binary package of Debian's or Ubuntu's kernel sources
// has nothing in it that runs. Their advisories concern the kernel image.
func headersOnly(binary string) bool {
	return binary == "linux-libc-dev" || strings.HasPrefix(binary, "linux-headers-")
}

// apk names the origin, which secdb and OSV are keyed by; an origin has the version
// of its subpackages.
func apk(u locator, c Component) (Identity, error) {
	ecosystem, err := ecosystemOf(u, c)
	if err != nil {
		return Identity{}, err
	}
	name := u.name
	if source := sourceOf(u, c); source.Name != "" {
		name = source.Name
	}
	return Identity{Ecosystem: ecosystem, Name: name, Version: u.version}, nil
}

// rpm names the binary or the source package, as the distribution's advisories do,
// with the epoch of the version's own field or of the qualifier. An epoch of zero is
// left out: rpm takes a missing one for it.
func rpm(u locator, c Component) (Identity, error) {
	ecosystem, err := ecosystemOf(u, c)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Ecosystem: ecosystem, Name: u.name, Version: u.version}
	epoch, bare, ok := strings.Cut(u.version, ":")
	if !ok {
		epoch, bare = u.epoch, u.version
	}
	if epoch == "" || epoch == "0" || epoch == "(none)" {
		epoch = ""
	} else if strings.Trim(epoch, "0123456789") != "" {
		return Identity{}, fmt.Errorf("its epoch %q is not a number", epoch)
	}
	withEpoch := func(v string) string {
		if epoch == "" || v == "" {
			return v
		}
		return epoch + ":" + v
	}
	id.Version = withEpoch(bare)
	base, _, _ := strings.Cut(ecosystem, ":")
	if base == "Red Hat" || base == "AlmaLinux" || base == "Photon OS" {
		return id, nil // their records list binary packages
	}
	source := sourceOf(u, c)
	if source.Name == "" {
		return id, nil
	}
	id.Name = source.Name
	switch {
	case source.Version == "" || source.Version == bare:
	case strings.Contains(source.Version, ":"):
		id.Version = strings.TrimPrefix(source.Version, "0:")
	default:
		// perl-Errno 0:1.30 is built from perl 4:5.32: the source's epoch is not the
		// binary's, and the name of a source rpm does not hold it.
		return Identity{}, fmt.Errorf("its source package %s has another version, %s, and the epoch of that is not given", source.Name, source.Version)
	}
	return id, nil
}

// sourceOf reads the qualifier upstream, or else what the component says itself.
// Forms: "openssl", "util-linux@2.38.1-5" and, of rpm, "openssl-3.0.7-6.el9_2.src.rpm".
func sourceOf(u locator, c Component) Source {
	if u.upstream == "" {
		return c.Source
	}
	if nevra, ok := strings.CutSuffix(u.upstream, ".src.rpm"); ok {
		if release := strings.LastIndexByte(nevra, '-'); release > 0 {
			if version := strings.LastIndexByte(nevra[:release], '-'); version > 0 {
				return Source{Name: nevra[:version], Version: nevra[version+1:]}
			}
		}
		return Source{Name: nevra}
	}
	name, version, _ := strings.Cut(u.upstream, "@")
	return Source{Name: name, Version: version}
}

// ecosystemOf finds the distribution of an operating system's package: the qualifier
// distro, else the namespace with the release of the target's distribution.
func ecosystemOf(u locator, c Component) (string, error) {
	vendor := Distro{ID: u.namespace}.known()
	if c.PURL == "" {
		vendor = c.Distro.known() // a component's group is no vendor
	} else if u.namespace != "" && vendor.ID == "" {
		// A derivative's packages are not its parent's, whatever the target runs.
		return "", fmt.Errorf("%w for the distribution %q", ErrNoEcosystem, u.namespace)
	}
	d := parseDistro(u.distro)
	if d.ID == "" {
		d.ID = vendor.ID
	}
	if d.ID == "" {
		d.ID = c.Distro.known().ID
	}
	if d.Version == "" && c.Distro.known().ID == d.ID {
		d.Version = c.Distro.Version
	}
	if d.ID == "" {
		return "", errors.New("neither its purl nor the rest of the inventory says which distribution it belongs to")
	}
	if vendor.ID != "" && vendor.ID != d.ID && !related(vendor.ID, d.ID) {
		return "", fmt.Errorf("its purl contradicts itself: the namespace is %q, the distribution %q", u.namespace, u.distro)
	}
	if family := familyOf(d.ID); family != "" && family != u.typ {
		return "", fmt.Errorf("its purl contradicts itself: %s has no packages of type %q", d.ID, u.typ)
	}
	return d.Ecosystem()
}
