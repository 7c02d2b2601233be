package lockfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/purl"
)

// A dependency is what any of the formats says of one package of a registry.
type dependency struct {
	typ             string // of the purl
	namespace, name string
	version         string // as pinned, "" where none is
	at              string // path of the entry within the file, "" where it tells nothing
	scope           string // "dev", "optional", a marker
}

// A collector makes an inventory of the entries of one file.
type collector struct {
	name    string // of the file
	inv     scanner.Inventory
	listed  map[scanner.NotEvaluated]bool
	entries int // that were taken; over MaxEntries none is kept
}

func newCollector(name string) *collector {
	return &collector{name: name, listed: map[scanner.NotEvaluated]bool{}}
}

// add takes a package of a registry.
func (c *collector) add(d dependency) {
	if c.entries++; c.entries > MaxEntries {
		return
	}
	if d.name == "" {
		c.skip(cmp.Or(d.at, c.name), "an entry has no name")
		return
	}
	p := purl.Format(d.typ, d.namespace, d.name, d.version)
	id, err := purl.Identify(purl.Component{PURL: p})
	if err != nil {
		c.skip(p, err.Error())
		return
	}
	c.inv.Packages = append(c.inv.Packages, scanner.Package{
		PURL: p, Ecosystem: id.Ecosystem, Name: id.Name, Version: id.Version, Locations: []string{c.location(d)},
	})
}

// location begins with the file's path up to a '#', as scanner.KindDirectory has it.
func (c *collector) location(d dependency) string {
	within := scopes(d.at, when(d.scope != "", "("+d.scope+")"))
	if within == "" {
		return c.name
	}
	return c.name + "#" + within
}

// skip lists what is no package of a registry, or not pinned: once, however often the
// file says it.
func (c *collector) skip(what, reason string, args ...any) {
	if c.entries++; c.entries > MaxEntries {
		return
	}
	if len(args) > 0 {
		reason = fmt.Sprintf(reason, args...)
	}
	n := scanner.NotEvaluated{Package: clip(cmp.Or(what, c.name)), Reason: reason}
	if !c.listed[n] {
		c.listed[n] = true
		c.inv.Unreadable = append(c.inv.Unreadable, n)
	}
}

// inventory ends the collection. The order is by content: some formats keep their
// entries in maps.
func (c *collector) inventory() scanner.Inventory {
	slices.SortStableFunc(c.inv.Packages, func(a, b scanner.Package) int {
		return cmp.Or(cmp.Compare(a.PURL, b.PURL), slices.Compare(a.Locations, b.Locations))
	})
	slices.SortFunc(c.inv.Unreadable, func(a, b scanner.NotEvaluated) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Reason, b.Reason))
	})
	return c.inv
}

// label names an entry that is not judged: "name@version", or what there is of it.
func label(name, version string) string {
	if version == "" {
		return name
	}
	return name + "@" + version
}

// clip shortens what a file says where it stands in a sentence.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// scopes joins those that there are.
func scopes(named ...string) string {
	return strings.Join(slices.DeleteFunc(named, func(s string) bool { return s == "" }), " ")
}

// when is name where it holds.
func when(holds bool, name string) string {
	if holds {
		return name
	}
	return ""
}
