package samples

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/stella-ops/stella/scanner/purl"
)

// An osFamily is how the packages of a distribution are named and recorded.
type osFamily struct {
	typ, namespace string // of the purl
	arch           string
	distro         string
	database       string // where the installed packages are listed
}

var osFamilies = map[string]osFamily{
	"Debian:11":                  {"deb", "debian", "amd64", "debian-11", "var/lib/dpkg/status"},
	"Debian:12":                  {"deb", "debian", "amd64", "debian-12", "var/lib/dpkg/status"},
	"Ubuntu:22.04:LTS":           {"deb", "ubuntu", "amd64", "ubuntu-22.04", "var/lib/dpkg/status"},
	"Ubuntu:24.04:LTS":           {"deb", "ubuntu", "amd64", "ubuntu-24.04", "var/lib/dpkg/status"},
	"Alpine:v3.18":               {"apk", "alpine", "x86_64", "alpine-3.18", "lib/apk/db/installed"},
	"Alpine:v3.19":               {"apk", "alpine", "x86_64", "alpine-3.19", "lib/apk/db/installed"},
	"Alpine:v3.20":               {"apk", "alpine", "x86_64", "alpine-3.20", "lib/apk/db/installed"},
	"Wolfi":                      {"apk", "wolfi", "x86_64", "wolfi", "lib/apk/db/installed"},
	"Red Hat:enterprise_linux:8": {"rpm", "redhat", "x86_64", "rhel-8.8", "var/lib/rpm/Packages"},
	"Red Hat:enterprise_linux:9": {"rpm", "redhat", "x86_64", "rhel-9.2", "var/lib/rpm/rpmdb.sqlite"},
	"AlmaLinux:8":                {"rpm", "almalinux", "x86_64", "almalinux-8.8", "var/lib/rpm/Packages"},
	"AlmaLinux:9":                {"rpm", "almalinux", "x86_64", "almalinux-9.2", "var/lib/rpm/rpmdb.sqlite"},
	"Amazon Linux:2023":          {"rpm", "amzn", "x86_64", "amzn-2023", "var/lib/rpm/rpmdb.sqlite"},
}

// binaryPURL is the package URL of a binary package, with the qualifiers that syft
// writes: RPM keeps the epoch in one, Debian in the version.
func (f osFamily) binaryPURL(binary string, p *Package, version string) string {
	q := url.Values{"arch": {f.arch}, "distro": {f.distro}}
	bare := version
	if f.typ == "rpm" {
		if epoch, rest, ok := strings.Cut(version, ":"); ok {
			bare = rest
			q.Set("epoch", epoch)
		}
		q.Set("upstream", p.Name+"-"+bare+".src.rpm")
	} else if binary != p.Name {
		q.Set("upstream", p.Name)
	}
	return purl.Format(f.typ, f.namespace, binary, bare) + "?" + q.Encode()
}

// purlTypes are the purl types of the language ecosystems.
var purlTypes = map[string]string{
	"Maven": "maven", "npm": "npm", "PyPI": "pypi", "Go": "golang", "crates.io": "cargo",
	"Packagist": "composer", "RubyGems": "gem", "NuGet": "nuget",
}

// languagePURL is the package URL of a language package. A Maven group is a namespace.
func languagePURL(p *Package, version string) string {
	name := strings.Replace(p.Name, ":", "/", 1)
	namespace, base := path.Split(name)
	return purl.Format(purlTypes[p.Ecosystem], strings.TrimSuffix(namespace, "/"), base, version)
}

// location is where a copy of the package lies below root. Ecosystems that
// record all packages in one file, a binary or a lockfile, give that file.
func location(root string, p *Package, version string) string {
	base := path.Base(strings.Replace(p.Name, ":", "/", 1))
	switch {
	case path.Ext(root) == ".lock" || path.Ext(root) == ".json":
		return root
	case p.Ecosystem == "Maven":
		return fmt.Sprintf("%s/%s-%s.jar", root, base, version)
	case p.Ecosystem == "npm":
		return root + "/node_modules/" + p.Name + "/package.json"
	case p.Ecosystem == "PyPI":
		return fmt.Sprintf("%s/%s-%s.dist-info/METADATA", root, strings.ReplaceAll(p.Name, "-", "_"), version)
	case p.Ecosystem == "RubyGems":
		return fmt.Sprintf("%s/specifications/%s-%s.gemspec", root, p.Name, version)
	case p.Ecosystem == "Packagist":
		return root + "/installed.json"
	}
	return root // a Go or Rust binary lists its own modules
}
