package purl

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// Distro is a distribution and its release, as os-release has them: ID "debian",
// Version the VERSION_ID "12". SBOM generators' own names of a distribution
// ("redhat", "opensuse.leap") and codenames as versions are read too.
type Distro struct{ ID, Version string }

// distroIDs has every spelling of a distribution that is read, lower-case, and its
// os-release ID: that itself, the NAME of os-release, and the names that SBOM
// generators have of their own.
var distroIDs = map[string]string{
	"debian":                          "debian",
	"debian gnu/linux":                "debian",
	"ubuntu":                          "ubuntu",
	"alpine":                          "alpine",
	"alpine linux":                    "alpine",
	"wolfi":                           "wolfi",
	"chainguard":                      "chainguard",
	"minimos":                         "minimos",
	"alpaquita":                       "alpaquita",
	"alpaquita linux":                 "alpaquita",
	"bellsoft-hardened-containers":    "bellsoft-hardened-containers",
	"rhel":                            "rhel",
	"redhat":                          "rhel",
	"red hat enterprise linux server": "rhel",
	"red hat enterprise linux":        "rhel",
	"centos":                          "centos",
	"centos linux":                    "centos",
	"centos stream":                   "centos",
	"almalinux":                       "almalinux",
	"alma":                            "almalinux",
	"rocky":                           "rocky",
	"rocky-linux":                     "rocky",
	"rockylinux":                      "rocky",
	"rocky linux":                     "rocky",
	"fedora":                          "fedora",
	"fedora linux":                    "fedora",
	"amzn":                            "amzn",
	"amazon linux":                    "amzn",
	"amazon linux ami":                "amzn",
	"amazon":                          "amzn",
	"amazonlinux":                     "amzn",
	"ol":                              "ol",
	"oracle linux server":             "ol",
	"oracle linux":                    "ol",
	"oracle":                          "ol",
	"oraclelinux":                     "ol",
	"opensuse":                        "opensuse",
	"opensuse-leap":                   "opensuse-leap",
	"opensuse leap":                   "opensuse-leap",
	"opensuse.leap":                   "opensuse-leap",
	"opensuse-tumbleweed":             "opensuse-tumbleweed",
	"opensuse tumbleweed":             "opensuse-tumbleweed",
	"opensuse.tumbleweed":             "opensuse-tumbleweed",
	"sles":                            "sles",
	"suse":                            "sles",
	"suse linux enterprise server":    "sles",
	"suse.linux enterprise server":    "sles",
	"photon":                          "photon",
	"vmware photon os":                "photon",
	"photon os":                       "photon",
	"mageia":                          "mageia",
	"openeuler":                       "openeuler",
	"azurelinux":                      "azurelinux",
	"microsoft azure linux":           "azurelinux",
	"azure linux":                     "azurelinux",
	"azure":                           "azurelinux",
	"mariner":                         "mariner",
	"common base linux mariner":       "mariner",
	"cbl-mariner":                     "mariner",
}

// codenames has the releases that SBOMs name by word. Debian's development branches
// are none that OSV has.
var codenames = map[string]Distro{
	"jessie":   {"debian", "8"},
	"stretch":  {"debian", "9"},
	"buster":   {"debian", "10"},
	"bullseye": {"debian", "11"},
	"bookworm": {"debian", "12"},
	"trixie":   {"debian", "13"},
	"forky":    {"debian", "14"},
	"testing":  {"debian", "testing"},
	"sid":      {"debian", "sid"},
	"trusty":   {"ubuntu", "14.04"},
	"xenial":   {"ubuntu", "16.04"},
	"bionic":   {"ubuntu", "18.04"},
	"focal":    {"ubuntu", "20.04"},
	"jammy":    {"ubuntu", "22.04"},
	"noble":    {"ubuntu", "24.04"},
	"oracular": {"ubuntu", "24.10"},
	"plucky":   {"ubuntu", "25.04"},
	"questing": {"ubuntu", "25.10"},
	"resolute": {"ubuntu", "26.04"},
}

// known is d with its os-release ID, or without an ID where that is not known here.
func (d Distro) known() Distro {
	return Distro{ID: distroIDs[strings.ToLower(d.ID)], Version: d.Version}
}

// parseDistro reads the qualifier distro: "debian-12", "opensuse-leap-15.5", "jammy",
// "3.19". What it cannot tell stays empty; an unknown distribution keeps its name, so
// that the reason can say it.
func parseDistro(s string) Distro {
	s = strings.ToLower(s)
	if id, ok := distroIDs[s]; ok {
		return Distro{ID: id}
	}
	if d, ok := codenames[s]; ok {
		return d
	}
	if isRelease(s) {
		return Distro{Version: s}
	}
	// The longest distribution that begins s: "opensuse-leap-15.5" is no release
	// "leap-15.5" of opensuse.
	for i := len(s) - 1; i > 0; i-- {
		if s[i] != '-' && s[i] != ' ' {
			continue
		}
		if id, ok := distroIDs[s[:i]]; ok {
			return Distro{ID: id, Version: s[i+1:]}
		}
	}
	return Distro{ID: s}
}

// isRelease reports whether s looks like a release without a distribution.
func isRelease(s string) bool {
	s = strings.TrimPrefix(s, "v")
	return s == "edge" || s == "stream" || s != "" && isDigit(s[0])
}

// related reports whether a purl's namespace may be a vendor of the distribution that
// its qualifier names, though it has another ID.
func related(vendor, distro string) bool {
	suse := func(id string) bool { return id == "sles" || strings.HasPrefix(id, "opensuse") }
	microsoft := func(id string) bool { return id == "mariner" || id == "azurelinux" }
	return suse(vendor) && suse(distro) || microsoft(vendor) && microsoft(distro) ||
		vendor == "wolfi" && distro == "chainguard" || vendor == "chainguard" && distro == "wolfi"
}

// familyOf is the purl type of the distribution's packages, "" where d is not known.
func familyOf(id string) string {
	switch id {
	case "debian", "ubuntu":
		return "deb"
	case "alpine", "wolfi", "chainguard", "minimos", "alpaquita", "bellsoft-hardened-containers":
		return "apk"
	}
	if distroIDs[id] == id {
		return "rpm"
	}
	return ""
}

// Ecosystem is OSV's name of d with its suffix: "Debian:12", "Ubuntu:22.04:LTS",
// "Alpine:v3.19". The error is a reason in the sense of [Identify].
func (d Distro) Ecosystem() (string, error) {
	k := d.known()
	if release, ok := codenames[strings.ToLower(d.Version)]; ok && release.ID == k.ID {
		k = release
	}
	if k.ID == "debian" || k.ID == "ubuntu" {
		// VERSION of os-release, "12 (bookworm)", and a mark of trivy's, "18.04-ESM".
		k.Version, _, _ = strings.Cut(k.Version, " ")
		k.Version = strings.TrimSuffix(strings.ToLower(k.Version), "-esm")
	}
	major, rest, _ := strings.Cut(strings.TrimPrefix(k.Version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	// Records without a release: the packages roll.
	switch k.ID {
	case "wolfi":
		return "Wolfi", nil
	case "chainguard":
		return "Chainguard", nil
	case "minimos":
		return "MinimOS", nil
	case "opensuse-tumbleweed":
		return "openSUSE:Tumbleweed", nil
	case "opensuse":
		if strings.EqualFold(k.Version, "tumbleweed") {
			return "openSUSE:Tumbleweed", nil
		}
	case "":
		return "", fmt.Errorf("%w for the distribution %q", ErrNoEcosystem, d.ID)
	case "centos", "fedora", "amzn", "ol":
		return "", fmt.Errorf("%w for the distribution %q: OSV holds no advisories of it, and another distribution's do not apply", ErrNoEcosystem, k.ID)
	case "sles":
		return "", fmt.Errorf("%w for the distribution %q: its advisories name modules, and the inventory does not say which are enabled", ErrNoEcosystem, k.ID)
	}
	if k.Version == "" {
		return "", fmt.Errorf("neither its purl nor the rest of the inventory says which release of %s it belongs to", k.ID)
	}
	unknown := func() error { return fmt.Errorf("%q is no release of %s that OSV has", d.Version, k.ID) }
	switch k.ID {
	case "alpine":
		// The development branch calls itself the next release, as of some day.
		if k.Version == "edge" || strings.Contains(k.Version, "_alpha") {
			return "Alpine:edge", nil
		}
		if !number(major) || !number(minor) {
			return "", unknown()
		}
		return "Alpine:v" + major + "." + minor, nil
	case "alpaquita", "bellsoft-hardened-containers":
		base := "Alpaquita"
		if k.ID != "alpaquita" {
			base = "BellSoft Hardened Containers"
		}
		if k.Version != "stream" && !number(major) {
			return "", unknown()
		}
		return base + ":" + major, nil
	case "openeuler":
		return openEuler(k.Version, unknown())
	}
	if !number(major) {
		return "", unknown()
	}
	switch k.ID {
	case "debian":
		return "Debian:" + major, nil
	case "ubuntu":
		if len(minor) != 2 || !number(minor) {
			return "", unknown()
		}
		// Long-term support: each April of an even year, and 6.06.
		lts := minor == "04" && (major[len(major)-1]-'0')%2 == 0 || major+minor == "606"
		ecosystem := "Ubuntu:" + major + "." + minor
		if lts {
			ecosystem += ":LTS"
		}
		return ecosystem, nil
	case "rhel":
		return "Red Hat:enterprise_linux:" + major, nil
	case "almalinux":
		return "AlmaLinux:" + major, nil
	case "rocky":
		return "Rocky Linux:" + major, nil
	case "opensuse", "opensuse-leap":
		if !number(minor) {
			return "", unknown()
		}
		return "openSUSE:Leap " + major + "." + minor, nil
	case "photon":
		minor = cmp.Or(minor, "0")
		if !number(minor) {
			return "", unknown()
		}
		return "Photon OS:" + major + "." + minor, nil
	case "mageia":
		return "Mageia:" + major, nil
	case "azurelinux", "mariner":
		return "Azure Linux:" + major, nil
	}
	return "", unknown()
}

var openEulerRelease = regexp.MustCompile(`^[0-9]{2}\.[0-9]{2}(-LTS(-SP[0-9]+)?)?$`)

// openEuler reads "22.03-LTS-SP3" and VERSION of os-release, "22.03 (LTS-SP3)". The
// release of March in an even year has long-term support: without its service pack it
// says too little, since OSV has the packs alone.
func openEuler(version string, unknown error) (string, error) {
	release := strings.TrimSuffix(strings.Replace(strings.ToUpper(version), " (", "-", 1), ")")
	switch {
	case !openEulerRelease.MatchString(release):
		return "", unknown
	case len(release) == len("22.03") && (release[1]-'0')%2 == 0 && strings.HasSuffix(release, ".03"):
		return "", fmt.Errorf("release %s of openEuler has service packs, and the inventory does not say which it is (VERSION of os-release does)", release)
	}
	return "openEuler:" + release, nil
}

func number(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
