package lockfile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// decodeXML reads a document whose root element is named root. Namespaces do not
// matter: every version of a format has its own. Entities other than XML's are an
// error, and encoding/xml bounds the depth.
func decodeXML(data []byte, root string, into any) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(charset) {
		case "utf-16", "us-ascii", "ascii":
			return in, nil // decoded by its byte order mark; ASCII is UTF-8
		}
		return nil, fmt.Errorf("its encoding is %q; save it as UTF-8", charset)
	}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return errors.New("it has no element; is it XML?")
		}
		if err != nil {
			return xmlError(d, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != root {
			return fmt.Errorf("its root element is %q, not %q", clip(start.Name.Local), root)
		}
		if err := d.DecodeElement(into, &start); err != nil {
			return xmlError(d, err)
		}
		return nil
	}
}

func xmlError(d *xml.Decoder, err error) error {
	line, _ := d.InputPos()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("line %d: %s", syntax.Line, syntax.Msg)
	}
	return fmt.Errorf("line %d: %w", line, err)
}
