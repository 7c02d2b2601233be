package lockfile

import (
	"errors"
	"strings"
)

// readConan reads conan.lock of Conan 1 (0.4, a graph of references) and 2 (0.5,
// lists of them).
//
// Source: docs.conan.io/2/tutorial/versioning/lockfiles.html, docs.conan.io/1.
func readConan(c *collector, data []byte) error {
	var lock struct {
		Version        text
		Requires       []text
		BuildRequires  []text `json:"build_requires"`
		PythonRequires []text `json:"python_requires"`
		GraphLock      struct {
			Nodes map[string]struct {
				Ref     text
				Context text
			}
		} `json:"graph_lock"`
	}
	if err := decodeJSON(data, &lock); err != nil {
		return err
	}
	if lock.Version == "" {
		return errors.New("it has no version; is it Conan's lockfile?")
	}
	for scope, list := range map[string][]text{"": lock.Requires, "build": lock.BuildRequires, "python": lock.PythonRequires} {
		for _, ref := range list {
			c.conanReference(string(ref), scope)
		}
	}
	for _, n := range lock.GraphLock.Nodes {
		if n.Ref != "" { // the node without a reference is the project itself
			c.conanReference(string(n.Ref), when(n.Context == "build", "build"))
		}
	}
	return nil
}

// conanReference reads "name/version@user/channel#revision%timestamp". A user of a
// package's own says that it is not the one of Conan Center.
func (c *collector) conanReference(ref, scope string) {
	bare, _, _ := strings.Cut(ref, "#")
	bare, user, _ := strings.Cut(bare, "@")
	name, version, ok := strings.Cut(bare, "/")
	switch {
	case !ok || name == "":
		c.skip(ref, "it is no reference of Conan's, name/version")
	case user != "" && user != "_/_":
		c.skip(label(name, version), "it is %s's package, not the one of Conan Center", clip(user))
	default:
		c.add(dependency{typ: "conan", name: name, version: version, scope: scope})
	}
}
