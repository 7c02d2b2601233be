package author

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/stella-ops/stella/regression"
	"github.com/stella-ops/stella/scanner"
	"github.com/stella-ops/stella/scanner/advisory"
)

// Limits of a case. What is larger is not minimal.
const (
	MaxFile = 64 << 10 // bytes of one file; an image.tar may be eight times as large
	MaxCase = 128 << 10
)

// sections are what case.md must answer.
var sections = []string{"**What failed.**", "**Why it is representative.**", "**What is right.**"}

// A leak is text that has no place in a fixture.
type leak struct {
	what    string
	pattern *regexp.Regexp
}

var leaks = []leak{
	{"a private key", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)},
	{"an access key of AWS", regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`)},
	{"a token of GitHub", regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})\b`)},
	{"a token of Slack", regexp.MustCompile(`\bxox[abprs]-[A-Za-z0-9-]{10,}`)},
	{"a JSON web token", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.`)},
	{"a password", regexp.MustCompile(`(?i)\b(?:passw(?:or)?d|secret|api[_-]?key|auth[_-]?token)["']?\s*[:=]\s*["']?[^\s"',}]{6,}`)},
	{"somebody's directory", regexp.MustCompile(`(?:^|[\s"'=:(])(?:/(?:home|Users|root)/|[A-Za-z]:\\+Users\\+)[^/\s"']*`)},
	{"an address of a private network", regexp.MustCompile(`\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?::\d+|/)`)},
}

var (
	links = regexp.MustCompile(`\bhttps?://[^\s"'<>)\]\\]+`)
	mails = regexp.MustCompile(`\b[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\b`)
)

// publicHosts may be named: where failures were seen, and where formats and advisories
// are described. Others are somebody's.
var publicHosts = []string{
	"example", "example.com", "example.org", "example.net", "invalid", "test", "localhost",
	"github.com", "gitlab.com", "osv.dev", "cve.org", "nvd.nist.gov", "rustsec.org", "pkg.go.dev", "go.dev", "vuln.go.dev",
	"cyclonedx.org", "spdx.org", "openvex.dev", "owasp.org", "w3.org", "schema.org", "debian.org", "ubuntu.com", "alpinelinux.org",
	"crates.io", "redhat.com", "maven.apache.org", "apache.org", "jfrog.com", "sourceware.org",
}

// Findings of a verification.
type Findings struct {
	Problems []string // what must be changed
	Notes    []string // what a second person should look at
}

func (f *Findings) problem(format string, args ...any) {
	f.Problems = append(f.Problems, fmt.Sprintf(format, args...))
}

// Verify checks a case: that it is whole and its golden file what the scanner says; that
// its narrative answers; that it is small; that nothing in it is secret or of somebody's
// machine; and that it can fail. The error is that of a case that cannot be read.
func Verify(ctx context.Context, dir string) (Findings, error) {
	var f Findings
	c, err := regression.Load(dir)
	if err != nil {
		return f, err
	}
	golden, err := c.Golden()
	if err != nil {
		return f, err
	}
	if err := f.files(c); err != nil {
		return f, err
	}
	actual, err := c.Input.Scan(ctx)
	if err != nil {
		return f, err
	}
	if actual.File != golden.File || !bytes.Equal(actual.Data, golden.Data) {
		f.problem("the golden file is not what the scanner says: go test ./regression -args -case %s shows the difference", c.ID)
		return f, nil
	}
	return f, f.canFail(ctx, c, golden)
}

// files looks at the text and size of every file.
func (f *Findings) files(c regression.Case) error {
	total := 0
	return filepath.WalkDir(c.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(c.Dir, name)
		if err != nil {
			return err
		}
		if filepath.Base(name) == "image.tar" {
			if len(data) > 8*MaxFile {
				f.problem("%s has %d bytes, more than %d", rel, len(data), 8*MaxFile)
			}
			return nil
		}
		if total += len(data); len(data) > MaxFile {
			f.problem("%s has %d bytes, more than %d", rel, len(data), MaxFile)
		}
		if total > MaxCase && total-len(data) <= MaxCase {
			f.problem("the case has more than %d bytes", MaxCase)
		}
		if rel == "case.md" {
			f.narrative(data)
		}
		f.text(rel, string(data))
		return nil
	})
}

func (f *Findings) narrative(text []byte) {
	if !bytes.HasPrefix(text, []byte("# ")) {
		f.problem("case.md does not begin with a title")
	}
	for _, s := range sections {
		if _, after, ok := bytes.Cut(text, []byte(s)); !ok || len(bytes.TrimSpace(after)) < 20 {
			f.problem("case.md does not answer %s", s)
		}
	}
}

// text looks for what must not be published.
func (f *Findings) text(name, text string) {
	for _, l := range leaks {
		if hit := l.pattern.FindString(text); hit != "" {
			f.problem("%s holds %s: %.60q", name, l.what, strings.TrimSpace(hit))
		}
	}
	for _, link := range links.FindAllString(text, -1) {
		u, err := url.Parse(link)
		if err != nil || !isPublic(u.Hostname()) {
			f.problem("%s names a host: %.80s", name, link)
		}
	}
	for _, m := range mails.FindAllStringSubmatch(text, -1) {
		// pkg:npm/a@1.2.rc and a module's path@version are no addresses.
		if domain := m[1]; strings.IndexFunc(domain, func(r rune) bool { return r >= '0' && r <= '9' }) < 0 && !isPublic(domain) {
			f.problem("%s holds an e-mail address: %s", name, m[0])
		}
	}
}

func isPublic(host string) bool {
	return slices.ContainsFunc(publicHosts, func(p string) bool { return host == p || strings.HasSuffix(host, "."+p) })
}

// canFail takes parts of the input away and looks whether it shows.
func (f *Findings) canFail(ctx context.Context, c regression.Case, golden regression.Outcome) error {
	if golden.File == regression.ErrorFile {
		return nil // the input as a whole is what is refused
	}
	report, err := c.Input.Report(ctx)
	if err != nil {
		return err
	}
	inventory, err := c.Input.Inventory()
	if err != nil {
		return err
	}
	if len(report.Findings)+len(report.NotEvaluated)+len(report.Advisories.Rejected) == 0 {
		f.problem("nothing is found, listed as not evaluated or rejected: a scanner that does nothing would pass")
	}
	ids, err := recordIDs(c)
	if err != nil {
		return err
	}
	// Of a layer, the contrast is every other one of the image.
	if c.Kind != "wrong-layer" && !hasContrast(report, inventory, ids) && !namesTwin(c) {
		f.problem("there is no contrast: all is found alike, so that a scanner that always reports would pass. Add one, or name the twin case in case.md")
	}
	return f.advisories(ctx, c, report)
}

// hasContrast reports whether the outcome tells packages or findings apart: some are not
// found, not alike, or one where the input has several.
func hasContrast(r scanner.Report, inv scanner.Inventory, ids []string) bool {
	type verdict struct {
		suppressed bool
		reach      string
		severity   string
		fixed      string
	}
	found, aliases := map[string]bool{}, map[string]bool{}
	verdicts := map[verdict]bool{}
	for _, x := range r.Findings {
		if len(x.Package.Locations) > 1 {
			return true
		}
		found[x.Package.PURL+"\x00"+x.Package.Name+"\x00"+x.Package.Version] = true
		verdicts[verdict{x.Suppressed != nil, string(x.Reachability.Verdict), string(x.Severity.Level), strings.Join(x.FixedVersions, " ")}] = true
		for _, id := range x.Aliases {
			aliases[id] = true
		}
	}
	if slices.ContainsFunc(ids, func(id string) bool { return !aliases[id] }) {
		return true
	}
	if len(verdicts) > 1 || len(r.NotEvaluated) > 0 || len(r.Advisories.Rejected) > 0 {
		return true
	}
	return slices.ContainsFunc(inv.Packages, func(p scanner.Package) bool { return !found[p.PURL+"\x00"+p.Name+"\x00"+p.Version] })
}

// recordIDs are the ids of the case's records, as far as they can be read.
func recordIDs(c regression.Case) ([]string, error) {
	entries, err := os.ReadDir(c.Input.Advisories)
	var ids []string
	for _, e := range entries {
		data, readErr := os.ReadFile(filepath.Join(c.Input.Advisories, e.Name()))
		if err = errors.Join(err, readErr); err != nil {
			return nil, err
		}
		if r, parseErr := advisory.Parse(data); parseErr == nil {
			ids = append(ids, r.ID)
		}
	}
	return ids, err
}

var caseID = regexp.MustCompile(`SCN-\d{4}`)

// namesTwin reports whether the narrative names another case: the contrast may be there.
func namesTwin(c regression.Case) bool {
	text, err := os.ReadFile(filepath.Join(c.Dir, "case.md"))
	return err == nil && slices.ContainsFunc(caseID.FindAllString(string(text), -1), func(id string) bool { return id != c.ID })
}

// advisories takes each record away. One that changes nothing must be there as a
// contrast; if none changes anything, the case is about nothing.
func (f *Findings) advisories(ctx context.Context, c regression.Case, full scanner.Report) error {
	entries, err := os.ReadDir(c.Input.Advisories)
	if err != nil {
		return err
	}
	if len(entries) < 2 {
		return nil // without any, nothing can be scanned
	}
	idle := 0
	for _, e := range entries {
		changed, err := changes(ctx, c, e.Name(), full)
		if err != nil {
			return err
		}
		if !changed {
			idle++
			f.Notes = append(f.Notes, fmt.Sprintf("without advisories/%s the report is the same: is it a contrast?", e.Name()))
		}
	}
	if idle == len(entries) {
		f.problem("no advisory makes a difference")
	}
	return nil
}

// changes reports whether the report is another one without one of the advisories.
func changes(ctx context.Context, c regression.Case, name string, full scanner.Report) (bool, error) {
	dir, err := os.MkdirTemp("", "verify")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(c.Input.Advisories)); err != nil {
		return false, err
	}
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		return false, err
	}
	in := c.Input
	in.Advisories = dir
	less, err := in.Report(ctx)
	if err != nil {
		return true, nil // an error is another outcome
	}
	less.Advisories.SHA256, less.Advisories.Records = full.Advisories.SHA256, full.Advisories.Records
	before, err := full.Encode()
	if err != nil {
		return false, err
	}
	after, err := less.Encode()
	return !bytes.Equal(before, after), err
}
