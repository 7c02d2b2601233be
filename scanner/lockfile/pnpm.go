package lockfile

import (
	"errors"
	"strconv"
	"strings"
)

// readPNPM reads pnpm-lock.yaml, every document of it: pnpm 11 puts its own tools into
// the first (F-144).
//
// Source: github.com/pnpm/spec, lockfile 5.1 to 9.0.
func readPNPM(c *collector, data []byte) error {
	all, err := documents(data)
	if err != nil {
		return err
	}
	found := false
	for _, lock := range all {
		version := lock.get("lockfileVersion").text()
		if version == "" {
			continue
		}
		found = true
		major, _, _ := strings.Cut(version, ".")
		n, err := strconv.Atoi(major)
		if err != nil {
			return errors.New("its lockfileVersion " + strconv.Quote(clip(version)) + " is no version")
		}
		c.pnpm(lock, n)
	}
	if !found {
		return errors.New("no document of it has a lockfileVersion; is it pnpm's lockfile?")
	}
	return nil
}

func (c *collector) pnpm(lock *node, major int) {
	seen := map[string]bool{}
	for key, entry := range lock.get("packages").pairs() {
		bare, _, _ := strings.Cut(key, "(")
		seen[bare] = true
		c.pnpmPackage(key, entry, major)
	}
	for key := range lock.get("snapshots").pairs() {
		// Version 9 says in snapshots how the packages are put together, one for each
		// choice of peers. One whose package is missing is one all the same.
		if bare, _, _ := strings.Cut(key, "("); !seen[bare] {
			seen[bare] = true
			c.pnpmPackage(key, nil, major)
		}
	}
	c.pnpmLinks(lock)
	for _, importer := range lock.get("importers").pairs() {
		c.pnpmLinks(importer)
	}
}

// pnpmLinks lists the workspace's own packages, which have no entry in packages.
func (c *collector) pnpmLinks(importer *node) {
	for _, kind := range []string{"dependencies", "devDependencies", "optionalDependencies"} {
		for name, d := range importer.get(kind).pairs() {
			version := d.text() // before version 6
			if version == "" {
				version = d.get("version").text()
			}
			if strings.HasPrefix(version, "link:") {
				c.skip(name, foreign(version))
			}
		}
	}
}

func (c *collector) pnpmPackage(key string, entry *node, major int) {
	scope := scopes(when(entry.get("dev").isTrue(), "dev"), when(entry.get("optional").isTrue(), "optional"))
	name, version, ok := pnpmKey(key, major)
	if why := pnpmForeign(key, version, entry); why != "" {
		if n := entry.get("name").text(); n != "" {
			name = label(n, entry.get("version").text())
		}
		c.skip(name, why)
		return
	}
	if !ok { // F-145
		c.skip(key, "it is no key of a pnpm lockfile's packages: that is a name and a version")
		return
	}
	c.add(npmPackage(name, version, "", scope))
}

// pnpmForeign says why an entry is no registry's package: by its resolution, by its
// version, or since it has a name of its own, which the key of a registry's package is.
func pnpmForeign(key, version string, entry *node) string {
	resolution := entry.get("resolution")
	switch resolution.get("type").text() {
	case "git":
		return "it comes from git, " + clip(withoutUser(resolution.get("repo").text())) + ", not from a registry"
	case "directory":
		return "it is the project's directory " + clip(resolution.get("directory").text()) + ", not a registry's package"
	}
	if why := foreign(version); why != "" {
		return why
	}
	if strings.ContainsAny(version, ":/") {
		return "it comes from " + clip(withoutUser(version)) + ", not from a registry"
	}
	if why := foreign(resolution.get("tarball").text()); why != "" {
		return why
	}
	if entry.get("name").text() != "" || strings.HasPrefix(key, "file:") {
		return "it comes from " + clip(withoutUser(key)) + ", not from a registry"
	}
	return ""
}

// pnpmKey splits a key of packages. Version 5 writes "/@scope/name/1.0.0_peers", 6
// "/@scope/name@1.0.0(peers)", 9 leaves out the slash. Before 9 a registry's host may
// stand before the slash.
func pnpmKey(key string, major int) (name, version string, ok bool) {
	key, _, _ = strings.Cut(key, "(")
	if major < 9 {
		host, rest, slash := strings.Cut(key, "/")
		if slash && (host == "" || strings.ContainsAny(host, ".:") && !strings.HasPrefix(host, "@")) {
			key = rest
		}
	}
	if major < 6 {
		key, _, _ = strings.Cut(key, "_")
		name, version, ok = lastCut(key, "/")
	} else {
		name, version = npmSpec(key)
		ok = version != ""
	}
	wants := 0
	if strings.HasPrefix(name, "@") {
		wants = 1
	}
	return name, version, ok && name != "" && version != "" && strings.Count(name, "/") == wants
}
