package sbom

import (
	"cmp"
	"strings"

	"github.com/stella-ops/stella/scanner/reach"
)

// A cyclonedxJSON reads the parts of a CycloneDX document, JSON schemas 1.2 to 1.7.
type cyclonedxJSON struct {
	j      *jsonReader
	c      *collector
	target string // name[:version] of metadata.component
}

// metadata reads the subject; its tools are not part of the inventory.
func (x *cyclonedxJSON) metadata() error {
	return x.j.object(func(key []byte) error {
		if string(key) != "component" {
			return x.j.skip()
		}
		if b, err := x.j.peek(); err != nil || b == 'n' {
			return x.j.skip()
		}
		m := component{subject: true}
		if err := x.read(&m); err != nil {
			return err
		}
		x.target = targetName(m)
		return nil
	})
}

// targetName is "name:version", or the name alone.
func targetName(m component) string {
	if m.name == "" || m.version == "" {
		return m.name
	}
	return m.name + ":" + m.version
}

// component reads one element of components, and those within it.
func (x *cyclonedxJSON) component() error {
	var m component
	return x.read(&m)
}

func (x *cyclonedxJSON) read(m *component) error {
	j, mark := x.j, len(x.c.loose)
	err := j.object(func(key []byte) error {
		switch string(key) {
		case "bom-ref":
			return j.string(&m.ref)
		case "type":
			return j.word(&m.kind)
		case "group":
			return j.string(&m.group)
		case "name":
			return j.string(&m.name)
		case "version":
			return j.string(&m.version)
		case "cpe":
			return j.string(&m.cpe)
		case "purl":
			var p string
			if err := j.beginning(m.ref, &p); err != nil {
				return err
			}
			m.purls = nil // of a key that is given twice, the last counts
			if p != "" {
				m.purls = []string{p}
			}
			return nil
		case "properties":
			return j.array(func() error { return x.property(&m.props) })
		case "evidence":
			return x.evidence(m)
		case "components":
			return j.array(x.component)
		}
		return j.skip()
	})
	if err != nil {
		return err
	}
	err = x.c.add(m)
	if err == nil {
		err = x.c.nest(mark)
	}
	if err != nil {
		return j.errorf("%w", err)
	}
	return nil
}

// dependency reads one element of dependencies. Its keys come in any order.
func (x *cyclonedxJSON) dependency() error {
	var (
		ref string
		on  []int32
	)
	err := x.j.object(func(key []byte) error {
		switch string(key) {
		case "ref":
			return x.j.string(&ref)
		case "dependsOn":
			return x.j.array(func() error {
				if b, err := x.j.peek(); err != nil || b != '"' {
					return x.j.skip()
				}
				err := x.j.str(true)
				on = append(on, x.c.graph.Refer(x.j.text))
				return err
			})
		}
		return x.j.skip()
	})
	if err != nil || ref == "" {
		return err
	}
	if err := x.c.graph.Depend(x.c.graph.Refer([]byte(ref)), on); err != nil {
		return x.j.errorf("%w", err)
	}
	return nil
}

// bomLink is the BOM-Link of a document ("urn:cdx:UUID/VERSION"), "" where it has no
// serial number that makes one. The schema's default version is 1.
func bomLink(serial, version string) string {
	uuid, ok := strings.CutPrefix(strings.ToLower(serial), "urn:uuid:")
	if !ok {
		return ""
	}
	return "urn:cdx:" + uuid + "/" + cmp.Or(version, "1")
}

// property reads a name and a value. Only the value of a name that is known is kept:
// others may hold whole files.
func (x *cyclonedxJSON) property(p *properties) error {
	var (
		named bool
		to    *string
		early string // a value that came before its name
	)
	return x.j.object(func(key []byte) error {
		switch string(key) {
		case "name":
			if b, err := x.j.peek(); err != nil || b != '"' {
				return x.j.skip()
			}
			if err := x.j.str(true); err != nil {
				return err
			}
			named, to = true, p.field(x.j.text)
			if to != nil && early != "" {
				*to = early
			}
			return nil
		case "value":
			if !named {
				return x.j.word(&early)
			}
			if to != nil {
				return x.j.word(to)
			}
		}
		return x.j.skip()
	})
}

// evidence reads where a component was found and how it is called. Until 1.4, and in 1.5
// for other keys, evidence has neither; null has nothing.
func (x *cyclonedxJSON) evidence(m *component) error {
	return x.ifObject(func(key []byte) error {
		switch string(key) {
		case "occurrences":
			return x.j.array(func() error { return x.occurrence(m) })
		case "callstack":
			return x.ifObject(func(key []byte) error {
				if string(key) != "frames" {
					return x.j.skip()
				}
				return x.j.array(func() error { return x.frame(m) })
			})
		}
		return x.j.skip()
	})
}

func (x *cyclonedxJSON) ifObject(field func(key []byte) error) error {
	if b, err := x.j.peek(); err != nil || b != '{' {
		return x.j.skip()
	}
	return x.j.object(field)
}

func (x *cyclonedxJSON) occurrence(m *component) error {
	var location, symbol string
	err := x.j.object(func(key []byte) error {
		switch string(key) {
		case "location":
			return x.j.string(&location)
		case "symbol":
			return x.j.word(&symbol)
		}
		return x.j.skip()
	})
	m.occurs(location, symbol)
	return err
}

func (x *cyclonedxJSON) frame(m *component) error {
	var f reach.Frame
	err := x.j.object(func(key []byte) error {
		switch string(key) {
		case "package":
			return x.j.word(&f.Package)
		case "module":
			return x.j.word(&f.Module)
		case "function":
			return x.j.word(&f.Function)
		}
		return x.j.skip()
	})
	if err != nil {
		return err
	}
	if err := m.called(f); err != nil {
		return x.j.errorf("%w", err)
	}
	return nil
}
