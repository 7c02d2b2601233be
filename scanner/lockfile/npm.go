package lockfile

import (
	"cmp"
	"errors"
	"strings"
)

// npmLock is package-lock.json and npm-shrinkwrap.json: versions 2 and 3 have
// packages, 1 and 2 dependencies.
//
// Source: docs.npmjs.com/cli/v11/configuring-npm/package-lock-json.
type npmLock struct {
	Name            text
	LockfileVersion text
	Packages        map[string]npmEntry
	Dependencies    map[string]npmV1Entry
}

type npmEntry struct {
	Name, Version, Resolved          text
	Link                             flag
	Dev, Optional, DevOptional, Peer flag
}

type npmV1Entry struct {
	Version, Resolved text
	Dev, Optional     flag
	Dependencies      map[string]npmV1Entry
}

func readNPM(c *collector, data []byte) error {
	var lock npmLock
	if err := decodeJSON(data, &lock); err != nil {
		return err
	}
	if lock.LockfileVersion == "" && lock.Packages == nil && lock.Dependencies == nil {
		return errors.New("it has neither lockfileVersion nor packages nor dependencies; is it npm's lockfile?")
	}
	c.inv.Target.Name = string(lock.Name)
	for key, e := range lock.Packages {
		c.npmEntry(key, e)
	}
	// Version 2 says everything twice, for npm 6. Were only the second half there, it
	// would be what gets installed.
	if len(lock.Packages) == 0 {
		c.npmV1("", lock.Dependencies)
	}
	return nil
}

// npmEntry reads packages[key]. The key is a place on disk: what is installed there
// may have another name (F-059), whoever depends on it (F-060).
func (c *collector) npmEntry(key string, e npmEntry) {
	if key == "" {
		return // the project itself (F-263)
	}
	_, inner, installed := lastCut("/"+key, "/node_modules/")
	name := string(e.Name)
	if name == "" && installed {
		name = inner
	}
	what := label(cmp.Or(name, key), string(e.Version))
	switch {
	case bool(e.Link):
		c.skip(what, "it is a link to the project's directory %s, not a registry's package", clip(string(e.Resolved)))
		return
	case !installed:
		c.skip(what, "it is the project's directory %s, not a registry's package", clip(key))
		return
	}
	if why := foreign(string(e.Resolved)); why != "" {
		c.skip(what, why)
		return
	}
	scope := scopes(when(bool(e.Dev), "dev"), when(bool(e.Optional), "optional"), when(bool(e.DevOptional), "dev optional"), when(bool(e.Peer), "peer"))
	c.add(npmPackage(name, string(e.Version), key, scope))
}

// npmV1 reads the tree of version 1: an entry's own dependencies are the copies that
// lie below it, because another version lies above (F-260).
func (c *collector) npmV1(above string, dependencies map[string]npmV1Entry) {
	for name, e := range dependencies {
		at := above + "node_modules/" + name
		version := string(e.Version)
		if alias, ok := strings.CutPrefix(version, "npm:"); ok {
			name, version = npmSpec(alias)
		}
		why := foreign(version)
		if why == "" {
			why = foreign(string(e.Resolved))
		}
		switch {
		case why != "":
			c.skip(name, why)
		case strings.ContainsAny(version, ":/"):
			c.skip(name, "it comes from %s, not from a registry: its version is not known", clip(withoutUser(version)))
		default:
			c.add(npmPackage(name, version, at, scopes(when(bool(e.Dev), "dev"), when(bool(e.Optional), "optional"))))
		}
		c.npmV1(at+"/", e.Dependencies)
	}
}

// lastCut is [strings.Cut] at the last separator.
func lastCut(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}
