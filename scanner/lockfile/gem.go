package lockfile

import (
	"errors"
	"regexp"
	"strings"
)

// gemSpec is a line of specs: a name, a version without '-', and the platform after it.
var gemSpec = regexp.MustCompile(`^ {4}([^ !(]+)(?: \(([^-)]*)(?:-([^)]*))?\))?!?$`)

// readGem reads Gemfile.lock and gems.locked. Lines of four spaces below specs are
// gems; those below a gem are what it needs, in ranges.
//
// Source: bundler's lib/bundler/lockfile_parser.rb.
func readGem(c *collector, data []byte) error {
	section, remote, found := "", "", false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, " \r\n")
		switch {
		case strings.HasPrefix(line, "<<<<<<<") || strings.HasPrefix(line, "=======") || strings.HasPrefix(line, ">>>>>>>"):
			return errors.New("it has a merge conflict; resolve it, and run bundle lock")
		case line != "" && line[0] != ' ':
			section, remote, found = line, "", true
		case strings.HasPrefix(line, "  remote: "):
			remote = line[len("  remote: "):]
		case strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "     ") && gemSource(section):
			c.gem(section, remote, line)
		}
	}
	if !found {
		return errors.New("it has no section; is it Bundler's lockfile?")
	}
	return nil
}

// gemSource reports whether a section lists gems of a source.
func gemSource(section string) bool {
	switch section {
	case "GEM", "GIT", "PATH", "PLUGIN SOURCE":
		return true
	}
	return false
}

func (c *collector) gem(section, remote, line string) {
	m := gemSpec.FindStringSubmatch(line)
	if m == nil {
		c.skip(strings.TrimSpace(line), "it is no gem with a version, as the section %s lists them", section)
		return
	}
	name, version, platform := m[1], m[2], m[3]
	switch section {
	case "GIT":
		c.skip(label(name, version), "it comes from git, %s, not from a registry", clip(withoutUser(remote)))
	case "PATH":
		c.skip(label(name, version), "it is the project's directory %s, not a registry's package", clip(remote))
	case "PLUGIN SOURCE":
		c.skip(label(name, version), "it comes from a plugin of Bundler's, not from a registry")
	default:
		// The platform is no pre-release, which RubyGems would take a '-' for.
		c.add(dependency{typ: "gem", name: name, version: version, scope: when(platform != "", "platform "+clip(platform))})
	}
}
