package vex

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits of one document.
const (
	MaxBytes      = 64 << 20
	MaxStatements = 200_000
	// MaxProducts bounds products and subcomponents of one statement together.
	MaxProducts = 100_000
	// MaxCommas bounds the values of a document, by what stands between them. An empty
	// one takes three bytes of the document and a hundred of memory. A real document of
	// MaxBytes has half as many.
	MaxCommas = 4_000_000
)

// ErrTooLarge is in the error of a document beyond one of the limits.
var ErrTooLarge = errors.New("beyond the limit")

// Status is a VEX status (OpenVEX v0.2.0, "Status Labels").
type Status string

const (
	NotAffected        Status = "not_affected"
	Affected           Status = "affected"
	Fixed              Status = "fixed"
	UnderInvestigation Status = "under_investigation"
)

func (s Status) suppresses() bool { return s == NotAffected || s == Fixed }

// Document is one VEX document.
type Document struct {
	// Source says where statements come from: the document's id, or the name that
	// Read was given.
	Source string
	// Author is who makes the statements; documents without one are their own author.
	Author     string
	Statements []Statement
	Rejected   []Rejected
}

// Statement is an assertion on one vulnerability.
type Statement struct {
	IDs      []string // name and aliases
	Products []Product
	Status   Status
	// Justification is the label, or the impact statement where there is none.
	Justification string
	// Time is when it was made. Only CycloneDX allows it to be zero; such a
	// statement supersedes none, and none supersedes it.
	Time time.Time
}

// Product is a piece of software that a statement is about.
type Product struct {
	// Identifiers name it, each by itself: purls and other IRIs.
	Identifiers []string
	// Subcomponents are the identifiers of the parts that are meant; without them it
	// is all of the product.
	Subcomponents []string
}

// Rejected is a statement that is not used.
type Rejected struct {
	Index         int    // its place in the document, from 0
	Vulnerability string // "" where it has none
	Reason        string
}

// Read reads one document, whose format it finds by @context or bomFormat. name is
// used for errors, and as the source of a document without an id. Errors say what is
// missing or wrong; those beyond a limit wrap [ErrTooLarge].
func Read(r io.Reader, name string) (*Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err == nil && len(data) > MaxBytes {
		err = fmt.Errorf("more than %d bytes: %w", MaxBytes, ErrTooLarge)
	}
	var doc *Document
	if err == nil {
		doc, err = parse(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading VEX document %s: %w", name, err)
	}
	return doc, nil
}

func parse(data []byte, name string) (*Document, error) {
	if n := bytes.Count(data, []byte(",")); n > MaxCommas {
		return nil, fmt.Errorf("%d commas: %w of %d", n, ErrTooLarge, MaxCommas)
	}
	var head struct {
		Context   jsontext.Value `json:"@context"`
		BOMFormat jsontext.Value `json:"bomFormat"`
	}
	if err := jsonv2.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("not a JSON object that can be read: %w", err)
	}
	switch {
	case head.Context != nil:
		return parseOpenVEX(data, name)
	case head.BOMFormat != nil:
		return parseCycloneDX(data, name)
	}
	return nil, errors.New(`neither OpenVEX ("@context") nor CycloneDX ("bomFormat")`)
}

// add checks what both formats demand of a statement and takes or rejects it.
func (d *Document) add(index int, s Statement) {
	if err := s.check(); err != nil {
		d.reject(index, s.IDs, err)
		return
	}
	d.Statements = append(d.Statements, s)
}

func (d *Document) reject(index int, ids []string, err error) {
	id := ""
	if len(ids) > 0 {
		id = ids[0]
	}
	d.Rejected = append(d.Rejected, Rejected{index, id, err.Error()})
}

func (s Statement) check() error {
	switch {
	case len(s.IDs) == 0 || s.IDs[0] == "":
		return errors.New("it names no vulnerability")
	case len(s.Products) == 0:
		return errors.New("it names no product")
	case s.Status == NotAffected && strings.TrimSpace(s.Justification) == "":
		return errors.New("not_affected needs a justification or an impact statement")
	}
	total := 0
	for _, p := range s.Products {
		if total += 1 + len(p.Subcomponents); total > MaxProducts {
			return fmt.Errorf("products and subcomponents: %w of %d", ErrTooLarge, MaxProducts)
		}
		if len(p.Identifiers) == 0 {
			return errors.New("a product has no purl and no @id to know it by")
		}
		for _, id := range append(p.Identifiers[:len(p.Identifiers):len(p.Identifiers)], p.Subcomponents...) {
			if _, err := parseIdentifier(id); err != nil {
				return err
			}
		}
	}
	return nil
}
