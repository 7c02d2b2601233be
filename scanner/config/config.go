package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stella-ops/stella/scanner/purl"
)

// Schema names the format of [Read].
const Schema = "stella.config/v1"

// Limits of a file.
const (
	MaxBytes = 16 << 20
	MaxRules = 100_000
)

// ErrTooLarge is in the error of a file beyond one of the limits.
var ErrTooLarge = errors.New("beyond the limit")

// Config is one configuration file.
type Config struct {
	// Source is the name that Read was given.
	Source string
	Ignore []Rule
}

// Rule is one ignore rule.
type Rule struct {
	ID        string `json:"id"`
	Ecosystem string `json:"ecosystem"`
	Package   string `json:"package"`
	Reason    string `json:"reason"`
	Until     string `json:"until"`

	pattern *purl.Pattern // of a Package that is a purl
	expired bool
}

type document struct {
	Schema string `json:"schema"`
	Ignore []Rule `json:"ignore"`
}

// Read reads a configuration. name is its base name, for errors and for the source of
// a suppression. now is the day that "until" is compared with; the zero time is none.
// Errors name the rule; those beyond a limit wrap [ErrTooLarge].
func Read(r io.Reader, name string, now time.Time) (*Config, error) {
	c, err := read(r, now)
	if err != nil {
		return nil, fmt.Errorf("reading configuration %s: %w; the format is %s", name, err, Schema)
	}
	c.Source = name
	return c, nil
}

func read(r io.Reader, now time.Time) (*Config, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > MaxBytes:
		return nil, fmt.Errorf("more than %d bytes: %w", MaxBytes, ErrTooLarge)
	}
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	dec.DisallowUnknownFields()
	var doc document
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("not JSON of the format: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the document")
	}
	switch {
	case doc.Schema != Schema:
		return nil, fmt.Errorf("schema is %q", doc.Schema)
	case len(doc.Ignore) > MaxRules:
		return nil, fmt.Errorf("%d rules: %w of %d", len(doc.Ignore), ErrTooLarge, MaxRules)
	}
	for i := range doc.Ignore {
		if err := doc.Ignore[i].check(now); err != nil {
			return nil, fmt.Errorf("ignore[%d]: %w", i, err)
		}
	}
	return &Config{Ignore: doc.Ignore}, nil
}

func (r *Rule) check(now time.Time) error {
	switch {
	case strings.TrimSpace(r.ID) != r.ID || r.ID == "":
		return errors.New("id is missing or has white space around it")
	case r.Package == "":
		return fmt.Errorf(`package is missing; "*" ignores %s in every package`, r.ID)
	case strings.TrimSpace(r.Reason) == "":
		return fmt.Errorf("reason is missing: why is %s ignored?", r.ID)
	}
	if err := r.checkPackage(); err != nil {
		return err
	}
	return r.checkUntil(now)
}

func (r *Rule) checkPackage() error {
	switch {
	case r.Package == everything && r.Ecosystem == "":
	case r.Package == everything:
		return errors.New(`package "*" has an ecosystem, which it would not look at`)
	case purl.IsPURL(r.Package):
		if r.Ecosystem != "" {
			return errors.New("package is a purl, which says its ecosystem itself: remove ecosystem")
		}
		p, err := purl.ParsePattern(r.Package)
		if err != nil {
			return fmt.Errorf("package: %w", err)
		}
		r.pattern = &p
	case r.Ecosystem == "":
		return fmt.Errorf("package %q is no purl, and there is no ecosystem that it is a name of", r.Package)
	}
	return nil
}

// checkUntil decides whether the rule still holds: through its last day.
func (r *Rule) checkUntil(now time.Time) error {
	if r.Until == "" {
		return nil
	}
	last, err := time.Parse(time.DateOnly, r.Until)
	switch {
	case err != nil:
		return fmt.Errorf("until %q is no date like 2026-12-31", r.Until)
	case now.IsZero():
		return fmt.Errorf("until %s cannot be judged: a scan reads no clock, so give it the day with -now", r.Until)
	}
	r.expired = !now.UTC().Before(last.AddDate(0, 0, 1))
	return nil
}
