package lockfile

import (
	"cmp"
	"encoding/json"
	"errors"
)

// A pipfileEntry is a package of a category of Pipfile.lock.
type pipfileEntry struct {
	Version, Git, Path, File, Markers text
}

// readPipfile reads Pipfile.lock: an object of categories beside "_meta". "default" is
// the production's.
//
// Source: pipenv.pypa.io/en/latest/pipfile.
func readPipfile(c *collector, data []byte) error {
	var lock map[string]json.RawMessage
	if err := decodeJSON(data, &lock); err != nil {
		return err
	}
	if lock["_meta"] == nil && lock["default"] == nil {
		return errors.New("it has neither _meta nor default; is it Pipenv's lockfile?")
	}
	delete(lock, "_meta")
	for category, value := range lock {
		var packages map[string]pipfileEntry
		if err := json.Unmarshal(value, &packages); err != nil {
			c.skip(category, "it is to be a category of packages, and is no object of such")
			continue
		}
		for name, e := range packages {
			c.pipfileEntry(category, name, e)
		}
	}
	return nil
}

func (c *collector) pipfileEntry(category, name string, e pipfileEntry) {
	version, why := pin(string(e.Version))
	switch {
	case e.Git != "":
		why = "it comes from git, " + clip(withoutUser(string(e.Git))) + ", not from a registry"
	case e.Path != "" || e.File != "":
		why = "it comes from " + clip(withoutUser(string(cmp.Or(e.Path, e.File)))) + ", not from a registry"
	}
	if why != "" {
		c.skip(name, why)
		return
	}
	scope := scopes(when(category != "default", category), when(e.Markers != "", "if "+clip(string(e.Markers))))
	c.add(dependency{typ: "pypi", name: name, version: version, scope: scope})
}
