package reports

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// An osFamily is how the packages of a distribution are named and recorded.
type osFamily struct {
	purl     string // type and namespace
	arch     string
	distro   string
	database string // where the installed packages are listed
}

var osFamilies = map[string]osFamily{
	"Debian:11":                  {"deb/debian", "amd64", "debian-11", "var/lib/dpkg/status"},
	"Debian:12":                  {"deb/debian", "amd64", "debian-12", "var/lib/dpkg/status"},
	"Ubuntu:22.04:LTS":           {"deb/ubuntu", "amd64", "ubuntu-22.04", "var/lib/dpkg/status"},
	"Ubuntu:24.04:LTS":           {"deb/ubuntu", "amd64", "ubuntu-24.04", "var/lib/dpkg/status"},
	"Alpine:v3.18":               {"apk/alpine", "x86_64", "alpine-3.18", "lib/apk/db/installed"},
	"Alpine:v3.19":               {"apk/alpine", "x86_64", "alpine-3.19", "lib/apk/db/installed"},
	"Alpine:v3.20":               {"apk/alpine", "x86_64", "alpine-3.20", "lib/apk/db/installed"},
	"Wolfi":                      {"apk/wolfi", "x86_64", "wolfi", "lib/apk/db/installed"},
	"Red Hat:enterprise_linux:8": {"rpm/redhat", "x86_64", "redhat-8.8", "var/lib/rpm/Packages"},
	"Red Hat:enterprise_linux:9": {"rpm/redhat", "x86_64", "redhat-9.2", "var/lib/rpm/rpmdb.sqlite"},
	"AlmaLinux:8":                {"rpm/almalinux", "x86_64", "almalinux-8.8", "var/lib/rpm/Packages"},
	"AlmaLinux:9":                {"rpm/almalinux", "x86_64", "almalinux-9.2", "var/lib/rpm/rpmdb.sqlite"},
	"Amazon Linux:2023":          {"rpm/amzn", "x86_64", "amzn-2023", "var/lib/rpm/rpmdb.sqlite"},
}

// packageURL is the package URL of the binary package of a distribution. RPM keeps
// the epoch in a qualifier, Debian in the version.
func (f osFamily) packageURL(binary, version string) string {
	qualifiers := "?arch=" + f.arch + "&distro=" + f.distro
	if strings.HasPrefix(f.purl, "rpm/") {
		if epoch, rest, ok := strings.Cut(version, ":"); ok {
			version, qualifiers = rest, qualifiers+"&epoch="+epoch
		}
	}
	return "pkg:" + f.purl + "/" + purlEscape(binary) + "@" + purlEscape(version) + qualifiers
}

// purlTypes are the purl types of the language ecosystems.
var purlTypes = map[string]string{
	"Maven": "maven", "npm": "npm", "PyPI": "pypi", "Go": "golang", "crates.io": "cargo",
	"Packagist": "composer", "RubyGems": "gem", "NuGet": "nuget",
}

// languagePURL is the package URL of a language package. A Maven group is a
// namespace, hence the slash.
func languagePURL(c *component) string {
	segments := strings.Split(strings.Replace(c.name, ":", "/", 1), "/")
	for i, s := range segments {
		segments[i] = purlEscape(s)
	}
	return "pkg:" + purlTypes[c.ecosystem] + "/" + strings.Join(segments, "/") + "@" + purlEscape(c.version)
}

// purlEscape percent-encodes as the purl specification asks: also @ and +, but
// never the colon of an epoch.
func purlEscape(s string) string {
	return strings.NewReplacer("%3A", ":", "+", "%20", "%7E", "~").Replace(url.QueryEscape(s))
}

// location is where a copy of the package lies below root. Ecosystems that
// record all packages in one file, a binary or a lockfile, give that file.
func location(root string, c *component) string {
	base := path.Base(strings.Replace(c.name, ":", "/", 1))
	switch {
	case path.Ext(root) == ".lock" || path.Ext(root) == ".json":
		return root
	case c.ecosystem == "Maven":
		return fmt.Sprintf("%s/%s-%s.jar", root, base, c.version)
	case c.ecosystem == "npm":
		return root + "/node_modules/" + c.name + "/package.json"
	case c.ecosystem == "PyPI":
		return fmt.Sprintf("%s/%s-%s.dist-info/METADATA", root, strings.ReplaceAll(c.name, "-", "_"), c.version)
	case c.ecosystem == "RubyGems":
		return fmt.Sprintf("%s/specifications/%s-%s.gemspec", root, c.name, c.version)
	case c.ecosystem == "Packagist":
		return root + "/installed.json"
	}
	return root // a Go or Rust binary lists its own modules
}
