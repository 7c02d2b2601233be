package lockfile

import (
	"cmp"
	"errors"
)

// readPub reads pubspec.lock.
//
// Source: dart.dev/tools/pub/glossary#lockfile, github.com/dart-lang/pub,
// lib/src/lock_file.dart.
func readPub(c *collector, data []byte) error {
	lock, err := document(data)
	if err != nil {
		return err
	}
	if lock.get("packages") == nil {
		return errors.New("it has no packages; is it pub's lockfile?")
	}
	for key, entry := range lock.get("packages").pairs() {
		description := entry.get("description")
		name := cmp.Or(description.get("name").text(), key)
		what := label(name, entry.get("version").text())
		switch source := entry.get("source").text(); source {
		case "hosted":
			scope := when(entry.get("dependency").text() == "direct dev", "dev")
			c.add(dependency{typ: "pub", name: name, version: entry.get("version").text(), scope: scope})
		case "git":
			c.skip(what, "it comes from git, %s, not from a registry", clip(withoutUser(description.get("url").text())))
		case "path":
			c.skip(what, "it is the project's directory %s, not a registry's package", clip(description.get("path").text()))
		case "sdk":
			c.skip(what, "it is part of an SDK, %s, and has no version of its own", clip(description.text()))
		default:
			c.skip(what, "its source %q is none that is known", clip(source))
		}
	}
	return nil
}
