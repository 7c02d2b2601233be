package attest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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
// the subject is the report itself, under the given name.
func NewStatement(name string, report []byte) ([]byte, error) {
	var r struct {
		Target struct {
			Name   string `json:"name"`
			SHA256 string `json:"sha256"`
		} `json:"target"`
	}
	report = bytes.TrimSpace(report)
	if len(report) == 0 || report[0] != '{' {
		return nil, fmt.Errorf("making a Statement of %s: a report is a JSON object", name)
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return nil, fmt.Errorf("making a Statement of %s: %w", name, err)
	}
	subject := Subject{Name: r.Target.Name, Digest: map[string]string{"sha256": r.Target.SHA256}}
	if raw, err := hex.DecodeString(r.Target.SHA256); err != nil || len(raw) != sha256.Size {
		sum := sha256.Sum256(report)
		subject = Subject{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}
	}
	return json.Marshal(Statement{
		Type: StatementType, Subject: []Subject{subject},
		PredicateType: PredicateTypeReport, Predicate: report,
	})
}

// ParseStatement reads an in-toto Statement v1 and checks what the specification
// demands of it: the type, at least one subject, each with a digest, and a
// predicate type.
func ParseStatement(data []byte) (Statement, error) {
	var s Statement
	if err := json.Unmarshal(data, &s); err != nil {
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
