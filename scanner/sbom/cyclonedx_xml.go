package sbom

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stella-ops/stella/scanner/reach"
)

// maxXMLText bounds what one tag or one run of text may hold: encoding/xml keeps it
// in memory whole.
const maxXMLText = 16 << 20

// A tokenLimit fails when one token needs more than left bytes. encoding/xml reads
// from what has a ReadByte by that method alone, without a buffer of its own that
// would hold bytes of the next token.
type tokenLimit struct {
	*bufio.Reader
	left int
}

func (l *tokenLimit) ReadByte() (byte, error) {
	if l.left--; l.left < 0 {
		return 0, fmt.Errorf("a tag or a text is longer than %d MiB", maxXMLText>>20)
	}
	return l.Reader.ReadByte()
}

// A cyclonedxXML reads CycloneDX as XML, schemas 1.2 to 1.7, element by element.
type cyclonedxXML struct {
	d     *xml.Decoder
	limit *tokenLimit
	c     *collector
	depth int
	// space is the namespace of the document. Elements of another are extensions, which
	// may have any name.
	space string
}

// readXML reads CycloneDX XML. Entities other than XML's own are an error: none is
// expanded.
func readXML(in *bufio.Reader, c *collector) error {
	limit := &tokenLimit{Reader: in}
	x := &cyclonedxXML{d: xml.NewDecoder(limit), limit: limit, c: c}
	x.d.CharsetReader = func(charset string, input io.Reader) (io.Reader, error) {
		switch strings.ToLower(charset) {
		case "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii":
			return input, nil // decoded by its byte order mark; ASCII is UTF-8
		}
		return nil, fmt.Errorf("its encoding is %q; save it as UTF-8", charset)
	}
	var root *xml.StartElement
	for {
		token, err := x.token()
		if err == io.EOF && root != nil {
			break
		}
		if err == io.EOF {
			return fmt.Errorf("%w; its XML has no element", ErrNotSBOM)
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if root != nil {
				return x.errorf(errors.New("a second element follows the end of the document"))
			}
			root = &token
			if err := x.bom(token); err != nil {
				return err
			}
		case xml.CharData:
			if root != nil && len(strings.TrimSpace(string(token))) > 0 {
				return x.errorf(errors.New("text follows the end of the document"))
			}
		}
	}
	return nil
}

func (x *cyclonedxXML) errorf(err error) error {
	line, _ := x.d.InputPos()
	return &SyntaxError{Line: line, Offset: x.d.InputOffset(), Err: err}
}

func (x *cyclonedxXML) token() (xml.Token, error) {
	x.limit.left = maxXMLText
	token, err := x.d.Token()
	if err == io.EOF && x.depth == 0 {
		return nil, io.EOF
	}
	if err != nil {
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			if strings.Contains(syntax.Msg, "unexpected EOF") {
				return nil, x.errorf(errors.New("it ends within an XML element; is it truncated? Make it anew"))
			}
			return nil, x.errorf(errors.New(syntax.Msg))
		}
		return nil, x.errorf(err)
	}
	switch token.(type) {
	case xml.StartElement:
		if x.depth++; x.depth > MaxDepth {
			return nil, x.errorf(fmt.Errorf("elements are nested more than %d deep", MaxDepth))
		}
	case xml.EndElement:
		x.depth--
	}
	return token, nil
}

// children calls child with each element within the one that has begun, to its end,
// extensions apart.
// child reads that element to its end.
func (x *cyclonedxXML) children(child func(xml.StartElement) error) error {
	for {
		token, err := x.token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			read := child
			if token.Name.Space != x.space {
				read = func(xml.StartElement) error { return x.skip() }
			}
			if err := read(token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// each calls read with each element of that name within the one that has begun.
func (x *cyclonedxXML) each(name string, read func(xml.StartElement) error) error {
	return x.children(func(e xml.StartElement) error {
		if e.Name.Local != name {
			return x.skip()
		}
		return read(e)
	})
}

// skip reads the element that has begun to its end.
func (x *cyclonedxXML) skip() error {
	for end := x.depth - 1; x.depth > end; {
		if _, err := x.token(); err != nil {
			return err
		}
	}
	return nil
}

// text reads the text of the element that has begun, to its end.
func (x *cyclonedxXML) text(to *string) error {
	var b strings.Builder
	for {
		token, err := x.token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.CharData:
			if b.Len()+len(token) > MaxText {
				return x.errorf(fmt.Errorf("a string that names something is longer than %d bytes", MaxText))
			}
			b.Write(token)
		case xml.StartElement:
			if err := x.skip(); err != nil {
				return err
			}
		case xml.EndElement:
			*to = strings.TrimSpace(b.String())
			return nil
		}
	}
}

// cyclonedxNamespace begins the namespace of each version: "…/bom/1.5".
const cyclonedxNamespace = "http://cyclonedx.org/schema/bom/"

func (x *cyclonedxXML) bom(root xml.StartElement) error {
	version, ok := strings.CutPrefix(root.Name.Space, cyclonedxNamespace)
	if root.Name.Local != "bom" || !ok {
		return fmt.Errorf("%w; its XML is a %q of namespace %q, not a CycloneDX bom", ErrNotSBOM, root.Name.Local, root.Name.Space)
	}
	x.c.inv.Target.Kind, x.space = "cyclonedx", root.Name.Space
	err := x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "metadata":
			return x.each("component", func(e xml.StartElement) error {
				m := component{subject: true}
				if err := x.component(e, &m); err != nil {
					return err
				}
				x.c.inv.Target.Name = targetName(m)
				return nil
			})
		case "components":
			return x.components()
		case "dependencies":
			return x.each("dependency", x.dependency)
		}
		return x.skip()
	})
	if err != nil {
		return err
	}
	x.c.graph.Link = bomLink(attribute(root, "serialNumber"), attribute(root, "version"))
	return checkCycloneDX(version, x.c)
}

func (x *cyclonedxXML) components() error {
	return x.each("component", func(e xml.StartElement) error {
		var m component
		return x.component(e, &m)
	})
}

// attribute is one of CycloneDX's, which are in no namespace, "" where there is none.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// dependency reads a dependency element and those within it, which its ref depends on.
func (x *cyclonedxXML) dependency(e xml.StartElement) error {
	graph := x.c.graph
	var on []int32
	err := x.each("dependency", func(inner xml.StartElement) error {
		if ref := attribute(inner, "ref"); ref != "" {
			on = append(on, graph.Refer([]byte(ref)))
		}
		return x.skip()
	})
	if ref := attribute(e, "ref"); err == nil && ref != "" {
		if err := graph.Depend(graph.Refer([]byte(ref)), on); err != nil {
			return x.errorf(err)
		}
	}
	return err
}

func (x *cyclonedxXML) component(e xml.StartElement, m *component) error {
	mark := len(x.c.loose)
	m.ref, m.kind = attribute(e, "bom-ref"), attribute(e, "type")
	err := x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "group":
			return x.text(&m.group)
		case "name":
			return x.text(&m.name)
		case "version":
			return x.text(&m.version)
		case "cpe":
			return x.text(&m.cpe)
		case "purl":
			var p string
			if err := x.text(&p); err != nil {
				return err
			}
			m.purls = nil
			if p != "" {
				m.purls = []string{p}
			}
			return nil
		case "properties":
			return x.each("property", func(e xml.StartElement) error {
				if to := m.props.field([]byte(attribute(e, "name"))); to != nil {
					return x.text(to)
				}
				return x.skip()
			})
		case "evidence":
			return x.evidence(m)
		case "components":
			return x.components()
		}
		return x.skip()
	})
	if err != nil {
		return err
	}
	err = x.c.add(m)
	if err == nil {
		err = x.c.nest(mark)
	}
	if err != nil {
		return x.errorf(err)
	}
	return nil
}

func (x *cyclonedxXML) evidence(m *component) error {
	return x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "occurrences":
			return x.each("occurrence", func(e xml.StartElement) error {
				// The schema has an element; cyclonedx-go v0.12 writes an attribute.
				location, symbol := "", attribute(e, "symbol")
				err := x.texts(map[string]*string{"location": &location, "symbol": &symbol})
				m.occurs(location, symbol)
				return err
			})
		case "callstack":
			return x.each("frames", func(xml.StartElement) error {
				return x.each("frame", func(xml.StartElement) error { return x.frame(m) })
			})
		}
		return x.skip()
	})
}

func (x *cyclonedxXML) frame(m *component) error {
	var f reach.Frame
	if err := x.texts(map[string]*string{"package": &f.Package, "module": &f.Module, "function": &f.Function}); err != nil {
		return err
	}
	if err := m.called(f); err != nil {
		return x.errorf(err)
	}
	return nil
}

// texts reads the texts of those children that are asked for.
func (x *cyclonedxXML) texts(to map[string]*string) error {
	return x.children(func(e xml.StartElement) error {
		if text := to[e.Name.Local]; text != nil {
			return x.text(text)
		}
		return x.skip()
	})
}
