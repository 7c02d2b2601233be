package attest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	// Matches names exactly, and refuses names given twice and what is not UTF-8:
	// encoding/json does neither.
	strictjson "github.com/go-json-experiment/json"
)

const (
	// StatementType is the _type of an in-toto Statement v1.
	StatementType = "https://in-toto.io/Statement/v1"
	// PredicateTypeReport names the predicate of a Statement that holds a scanner
	// report.
	PredicateTypeReport = "https://stella-ops.dev/scanner-report/v1"
)

// Statement is an in-toto Statement v1 whose predicate is a scanner report
// (in-toto attestation framework, spec/v1/statement.md).
type Statement struct {
	Type          string          `json:"_type"`
	Subject       []Subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// Subject names what a Statement speaks about, by digests: algorithm to
// lower-case hex.
type Subject struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"`
}

// NewStatement wraps a scanner report into a Statement about the target that the
// report names: its "target" object's name and SHA-256. Without a target digest
// the subject is the report itself, its bytes as given, under the given name.
func NewStatement(name string, report []byte) ([]byte, error) {
	subject, err := subjectOf(name, report)
	if err != nil {
		return nil, fmt.Errorf("making a Statement of %s: %w", name, err)
	}
	return json.Marshal(Statement{
		Type: StatementType, Subject: []Subject{subject},
		PredicateType: PredicateTypeReport, Predicate: report,
	})
}

func subjectOf(name string, report []byte) (Subject, error) {
	var r struct {
		Target struct {
			Name   string `json:"name"`
			SHA256 string `json:"sha256"`
		} `json:"target"`
	}
	if !bytes.HasPrefix(bytes.TrimLeft(report, " \t\r\n"), []byte("{")) {
		return Subject{}, errors.New("a report is a JSON object")
	}
	if err := strictjson.Unmarshal(report, &r); err != nil {
		return Subject{}, err
	}
	if r.Target.SHA256 == "" {
		sum := sha256.Sum256(report)
		return Subject{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}, nil
	}
	digest, err := hex.DecodeString(r.Target.SHA256)
	if err != nil || len(digest) != sha256.Size {
		return Subject{}, fmt.Errorf("its target.sha256 is %.80q, want 64 hex digits", r.Target.SHA256)
	}
	return Subject{Name: r.Target.Name, Digest: map[string]string{"sha256": hex.EncodeToString(digest)}}, nil
}

// ParseStatement reads an in-toto Statement v1 and checks what the specification
// demands of it: the type, at least one subject, each with a digest, and a
// predicate type. A name given twice is refused, because two readers could then see
// two subjects.
func ParseStatement(data []byte) (Statement, error) {
	var s Statement
	if err := strictjson.Unmarshal(data, &s); err != nil {
		return Statement{}, fmt.Errorf("parsing an in-toto Statement: %w", err)
	}
	if err := s.check(); err != nil {
		return Statement{}, fmt.Errorf("parsing an in-toto Statement: %w", err)
	}
	return s, nil
}

func (s Statement) check() error {
	switch {
	case s.Type != StatementType:
		return fmt.Errorf("_type is %.80q, want %q", s.Type, StatementType)
	case len(s.Subject) == 0:
		return errors.New("no subject")
	case s.PredicateType == "":
		return errors.New("no predicateType")
	}
	for i, sub := range s.Subject {
		if len(sub.Digest) == 0 {
			return fmt.Errorf("subject %d has no digest", i)
		}
	}
	return nil
}
