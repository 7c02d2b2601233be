package vex

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const openVEXContext = "https://openvex.dev/ns"

type openVEX struct {
	Context    string             `json:"@context"`
	ID         string             `json:"@id"`
	Author     string             `json:"author"`
	Timestamp  string             `json:"timestamp"`
	Version    int                `json:"version"`
	Statements []openVEXStatement `json:"statements"`
}

type openVEXStatement struct {
	Vulnerability   jsontext.Value     `json:"vulnerability"`
	Timestamp       string             `json:"timestamp"`
	Products        []openVEXComponent `json:"products"`
	Status          Status             `json:"status"`
	Justification   string             `json:"justification"`
	ImpactStatement string             `json:"impact_statement"`
}

type openVEXComponent struct {
	ID          string `json:"@id"`
	Identifiers struct {
		PURL string `json:"purl"`
	} `json:"identifiers"`
	Subcomponents []openVEXComponent `json:"subcomponents"`
}

// openVEXJustifications are the labels of OpenVEX v0.2.0, "Status Justifications".
var openVEXJustifications = []string{
	"component_not_present",
	"vulnerable_code_not_present",
	"vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary",
	"inline_mitigations_already_exist",
}

func parseOpenVEX(data []byte, name string) (*Document, error) {
	var in openVEX
	if err := jsonv2.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("not OpenVEX v0.2.0: %w", err)
	}
	issued, err := in.check()
	if err != nil {
		return nil, err
	}
	doc := &Document{Source: in.ID, Author: in.Author}
	for i, s := range in.Statements {
		statement, err := s.statement(issued)
		if err != nil {
			doc.reject(i, statement.IDs, err)
			continue
		}
		doc.add(i, statement)
	}
	return doc, nil
}

// check demands what "Document Struct Fields" requires.
func (in *openVEX) check() (issued time.Time, err error) {
	version, ok := strings.CutPrefix(in.Context, openVEXContext)
	switch {
	case !ok || version != "" && !strings.HasPrefix(version, "/v0.2."):
		return issued, fmt.Errorf("@context is %q, not %s/v0.2.0", in.Context, openVEXContext)
	case in.ID == "":
		return issued, errors.New("@id is missing, the document's IRI")
	case in.Author == "":
		return issued, errors.New("author is missing")
	case in.Version < 1:
		return issued, errors.New("version is missing or below 1")
	case len(in.Statements) == 0:
		return issued, errors.New("it has no statements")
	case len(in.Statements) > MaxStatements:
		return issued, fmt.Errorf("%d statements: %w of %d", len(in.Statements), ErrTooLarge, MaxStatements)
	case in.Timestamp == "":
		return issued, errors.New("timestamp is missing, when the document was issued")
	}
	return parseTime(in.Timestamp)
}

// statement applies the inheritance of timestamps ("Inheritance Flow").
func (s openVEXStatement) statement(issued time.Time) (Statement, error) {
	out := Statement{Status: s.Status, Justification: s.Justification, Time: issued}
	var vulnerability struct {
		Name    string   `json:"name"`
		Aliases []string `json:"aliases"`
	}
	if err := jsonv2.Unmarshal(s.Vulnerability, &vulnerability); err != nil {
		return out, errors.New("vulnerability is not an object with a name, as v0.2.0 has it")
	}
	out.IDs = append([]string{vulnerability.Name}, vulnerability.Aliases...)
	if s.Timestamp != "" {
		var err error
		if out.Time, err = parseTime(s.Timestamp); err != nil {
			return out, err
		}
	}
	switch s.Status {
	case NotAffected, Affected, Fixed, UnderInvestigation:
	default:
		return out, fmt.Errorf("status %q is none of OpenVEX", s.Status)
	}
	// A warning stays one, however it is worded: only what suppresses must be right.
	if s.Status == NotAffected && s.Justification != "" && !slices.Contains(openVEXJustifications, s.Justification) {
		return out, fmt.Errorf("justification %q is none of OpenVEX", s.Justification)
	}
	if out.Justification == "" {
		out.Justification = s.ImpactStatement
	}
	for _, p := range s.Products {
		product := Product{Identifiers: p.identifiers()}
		for _, sub := range p.Subcomponents {
			ids := sub.identifiers()
			if len(ids) == 0 && s.Status.suppresses() {
				// Without it the product would seem to be meant as a whole.
				return out, errors.New("a subcomponent has no purl and no @id to know it by")
			}
			product.Subcomponents = append(product.Subcomponents, ids...)
		}
		out.Products = append(out.Products, product)
	}
	return out, nil
}

func (c openVEXComponent) identifiers() []string {
	var ids []string
	for _, id := range []string{c.ID, c.Identifiers.PURL} {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("timestamp %q is not of RFC 3339", s)
	}
	return t, nil
}
