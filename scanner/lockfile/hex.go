package lockfile

import (
	"errors"
	"regexp"
	"strings"
)

var (
	// mixEntry is a line of mix.lock: an application, and a tuple that begins with the
	// package manager.
	mixEntry = regexp.MustCompile(`^\s*"([^"]+)": \{:([a-z]+), (.*)\},?\s*$`)
	// mixHex is the rest of a tuple of Hex: the package, an atom in quotes where its name
	// needs them, its version, and more.
	mixHex = regexp.MustCompile(`^:"?([^",\s]+)"?, "([^"]+)"(?:, .*)?$`)
	// mixRepo is the repository, after the list of dependencies.
	mixRepo = regexp.MustCompile(`\], "([^"]+)"(?:, "[^"]*")?$`)
)

// readMix reads mix.lock, an Elixir map with a line for each package.
//
// Source: hexdocs.pm/mix, Mix.Dep.Lock; github.com/hexpm/hex, lib/hex/utils.ex.
func readMix(c *collector, data []byte) error {
	if !strings.HasPrefix(strings.TrimSpace(string(data)), "%{") {
		return errors.New("it is no map of Elixir's, which begins with %{; is it Mix's lockfile?")
	}
	for line := range strings.Lines(string(data)) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed == "%{" || trimmed == "}" || trimmed == "%{}" || trimmed[0] == '#' {
			continue
		}
		m := mixEntry.FindStringSubmatch(line)
		if m == nil {
			c.skip(trimmed, "the line is no entry of a lockfile of Mix's")
			continue
		}
		c.mixEntry(m[1], m[2], m[3])
	}
	return nil
}

func (c *collector) mixEntry(application, manager, rest string) {
	if manager == "git" {
		place, _, _ := strings.Cut(strings.TrimPrefix(rest, `"`), `"`)
		c.skip(application, "it comes from git, %s, not from a registry", clip(withoutUser(place)))
		return
	}
	hex := mixHex.FindStringSubmatch(rest)
	if manager != "hex" || hex == nil {
		c.skip(application, "its entry is not of Hex or git, or is not read: :%s, %s", manager, clip(rest))
		return
	}
	if repo := mixRepo.FindStringSubmatch(rest); repo != nil && repo[1] != "hexpm" {
		c.skip(label(hex[1], hex[2]), "it comes from another repository than hexpm, %s", clip(repo[1]))
		return
	}
	c.add(dependency{typ: "hex", name: hex[1], version: hex[2]})
}
