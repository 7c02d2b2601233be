package lockfile

import (
	"slices"
	"strings"
)

// readGradle reads gradle.lockfile and buildscript-gradle.lockfile: a line for each
// module with the configurations that need it, and a last one of those that are empty.
//
// Source: docs.gradle.org/current/userguide/dependency_locking.html.
func readGradle(c *collector, data []byte) error {
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "empty=") {
			continue
		}
		module, configurations, _ := strings.Cut(line, "=")
		parts := strings.Split(module, ":")
		if len(parts) != 3 || slices.Contains(parts, "") {
			c.skip(line, "line %d is no group:artifact:version", number)
			continue
		}
		c.add(dependency{typ: "maven", namespace: parts[0], name: parts[1], version: parts[2], scope: gradleScope(configurations)})
	}
	return nil
}

// gradleScope is "test" where only configurations of tests need a module.
func gradleScope(configurations string) string {
	for name := range strings.SplitSeq(configurations, ",") {
		if !strings.HasPrefix(name, "test") {
			return ""
		}
	}
	return "test"
}
