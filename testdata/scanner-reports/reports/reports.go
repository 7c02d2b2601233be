package reports

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
)

// Schema is the format of the reports.
const Schema = "stella.findings/v1"

// seed is the first half of every generator's seed, the image's name the second.
const seed = 0x5374656c6c61

// A Report is one file of the corpus.
type Report struct {
	Name string // file name, with .json
	Body []byte // canonical JSON with LF at the end
}

// All returns the corpus in the order of data/images.json.
func All() ([]Report, error) {
	t, err := loadTables()
	if err != nil {
		return nil, err
	}
	images, err := loadImages()
	if err != nil {
		return nil, err
	}
	var all []Report
	for _, img := range images {
		body, err := report(img, t)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", img.File, err)
		}
		all = append(all, Report{Name: img.File + ".json", Body: body})
	}
	return all, nil
}

// Write writes the corpus into dir. Each file appears whole or not at all, and
// none can land outside dir whatever its name.
func Write(dir string) error {
	all, err := All()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("opening the corpus: %w", err)
	}
	defer root.Close()
	for _, r := range all {
		if err := replace(root, r); err != nil {
			return fmt.Errorf("writing %s: %w", r.Name, err)
		}
	}
	return nil
}

func replace(root *os.Root, r Report) error {
	tmp := r.Name + ".tmp"
	if err := root.WriteFile(tmp, r.Body, 0o644); err != nil {
		return errors.Join(err, ignoreAbsent(root.Remove(tmp)))
	}
	return root.Rename(tmp, r.Name)
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// A drawing is a report in the making: the image, and what chance decides.
type drawing struct {
	image
	*rand.Rand
	layers []layer
}

func report(img image, t tables) ([]byte, error) {
	name := fnv.New64a()
	name.Write([]byte(img.File))
	d := &drawing{image: img, Rand: rand.New(rand.NewPCG(seed, name.Sum64()))}
	doc := document{
		Advisories: advisorySet{Records: 262_000 + d.IntN(19_000), SHA256: d.digest(), Rejected: d.rejected(t)},
		Schema:     Schema,
		Target:     target{Kind: img.Kind, Name: img.Target, SHA256: d.digest()},
		Findings:   []finding{}, NotEvaluated: []unjudged{},
	}
	for i := range img.Layers {
		d.layers = append(d.layers, layer{DiffID: "sha256:" + d.digest(), Index: i})
	}
	installed, err := t.pick(img.OS, img.Packages)
	if err != nil {
		return nil, err
	}
	for _, c := range installed {
		if doc.Findings, err = d.system(doc.Findings, c); err != nil {
			return nil, err
		}
	}
	for _, a := range img.Apps {
		bundled, err := t.pick(a.Ecosystem, a.Packages)
		if err != nil {
			return nil, err
		}
		for _, c := range bundled {
			if doc.Findings, err = d.language(doc.Findings, a, c, bundled); err != nil {
				return nil, err
			}
		}
	}
	doc.NotEvaluated = append(doc.NotEvaluated, img.NotEvaluated...)
	slices.SortFunc(doc.Findings, func(a, b finding) int {
		return strings.Compare(a.Package.PURL+"\x00"+a.ID, b.Package.PURL+"\x00"+b.ID)
	})
	slices.SortFunc(doc.NotEvaluated, func(a, b unjudged) int {
		return strings.Compare(a.PURL+a.Name, b.PURL+b.Name)
	})
	return encode(doc)
}

// encode relies on the order of the fields in findings.go; SetEscapeHTML would
// otherwise write < and & as escapes, which RFC 8785 forbids.
func encode(doc document) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(doc)
	return b.Bytes(), err
}

// system adds the findings of a distribution's source package: every binary
// package of it has each of them, and one VEX statement settles all.
func (d *drawing) system(to []finding, c *component) ([]finding, error) {
	family, ok := osFamilies[c.ecosystem]
	if !ok {
		return nil, fmt.Errorf("no distribution %q", c.ecosystem)
	}
	at := &d.layers[min(d.IntN(4)/3, len(d.layers)-1)] // most come with the base layer
	binaries, err := d.installed(c)
	if err != nil {
		return nil, err
	}
	for _, a := range d.known(c) {
		reach := reachability{Verdict: "unknown", Why: "a call graph does not cover packages of the distribution", Path: []string{}}
		settled := d.suppression(reach.Verdict)
		for _, binary := range binaries {
			f, err := a.finding()
			if err != nil {
				return nil, err
			}
			f.Reachability, f.Suppressed = reach, settled
			f.Package = pkg{
				Ecosystem: c.ecosystem, Layer: at, Locations: []string{family.database},
				Name: binary, PURL: family.packageURL(binary, c.version), Version: c.version,
			}
			to = append(to, f)
		}
	}
	return to, nil
}

// installed are the binary packages of a source package that the image has.
func (d *drawing) installed(c *component) ([]string, error) {
	var names []string
	for _, name := range c.binaries {
		absent := false
		for _, pattern := range d.Without {
			match, err := path.Match(pattern, name)
			if err != nil {
				return nil, fmt.Errorf("pattern %q: %w", pattern, err)
			}
			absent = absent || match
		}
		if !absent {
			names = append(names, name)
		}
	}
	return names, nil
}

// known are the package's advisories that the image's advisory set holds.
func (d *drawing) known(c *component) []advisory {
	if d.PerPackage == 0 || len(c.advisories) <= d.PerPackage {
		return c.advisories
	}
	kept := d.Perm(len(c.advisories))[:d.PerPackage]
	slices.Sort(kept)
	var list []advisory
	for _, i := range kept {
		list = append(list, c.advisories[i])
	}
	return list
}

// language adds the findings of a package that an application brings along.
func (d *drawing) language(to []finding, a app, c *component, bundled []*component) ([]finding, error) {
	p := pkg{
		Ecosystem: c.ecosystem, Locations: d.locations(a, c, bundled),
		Name: c.name, PURL: languagePURL(c), Version: c.version,
	}
	if n := len(d.layers); n > 0 {
		p.Layer = &d.layers[n-1-d.IntN(min(n, 3))] // applications are copied last
	}
	for _, adv := range d.known(c) {
		f, err := adv.finding()
		if err != nil {
			return nil, err
		}
		f.Package = p
		f.Reachability = d.reach(a.Calls, adv.symbols)
		f.Suppressed = d.suppression(f.Reachability.Verdict)
		to = append(to, f)
	}
	return to, nil
}

// locations puts one copy in some of the app's roots, and for npm further ones
// below packages that need another version at the top.
func (d *drawing) locations(a app, c *component, bundled []*component) []string {
	at := []string{location(a.Roots[d.IntN(len(a.Roots))], c)}
	for _, root := range a.Roots {
		if d.IntN(3) > 0 {
			at = append(at, location(root, c))
		}
		if c.ecosystem != "npm" || d.layers == nil {
			continue
		}
		for range d.IntN(4) {
			parent := bundled[d.IntN(len(bundled))]
			if parent != c {
				at = append(at, location(root+"/node_modules/"+parent.name, c))
			}
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// reach judges a finding: by a path when there is a graph that has one, never
// "unreachable" from missing evidence.
func (d *drawing) reach(calls [][]string, symbols []string) reachability {
	r := reachability{Verdict: "unknown", Path: []string{}}
	switch {
	case len(calls) == 0:
		r.Why = "no call graph was given"
	case len(symbols) == 0:
		r.Why = "no advisory of the group names a symbol"
	case d.IntN(100) < 15:
		r.Why = "the call graph does not cover the package"
	case d.IntN(100) < 55:
		chain := calls[d.IntN(len(calls))]
		depth := 2 + d.IntN(len(chain)-1)
		r.Verdict, r.Why = "reachable", "a call path leads from an entry point to the symbol"
		r.Path = append(slices.Clone(chain[:depth]), symbols[d.IntN(len(symbols))])
	default:
		r.Verdict = "unreachable"
		r.Why = fmt.Sprintf("no path leads from %d entry points to %s", len(calls), strings.Join(symbols, ", "))
	}
	return r
}

// suppression settles about a tenth of the findings of an image with a VEX
// document, with a justification that does not contradict the verdict.
func (d *drawing) suppression(verdict string) *suppression {
	if d.VEX == "" || d.IntN(10) > 0 {
		return nil
	}
	justification := "inline_mitigations_already_exist"
	switch verdict {
	case "unreachable":
		justification = "vulnerable_code_not_in_execute_path"
	case "unknown":
		justification = [...]string{"vulnerable_code_not_present", "vulnerable_code_cannot_be_controlled_by_adversary"}[d.IntN(2)]
	}
	return &suppression{Justification: justification, Source: d.VEX, Status: "not_affected"}
}

// rejected names a few advisories as unreadable, as every real set has some.
func (d *drawing) rejected(t tables) []rejected {
	reasons := [...]string{
		"affected[0].ranges[0]: events hold no introduced version",
		"affected[1].ranges[0].events[2]: both fixed and last_affected",
		"severity[0]: unexpected end of the vector after CVSS:3.1/AV:N/AC:L",
	}
	list := []rejected{}
	for range d.IntN(3) {
		c := t["PyPI"][d.IntN(len(t["PyPI"]))]
		if a := c.advisories[d.IntN(len(c.advisories))]; len(a.aliases) > 0 {
			list = append(list, rejected{ID: a.aliases[len(a.aliases)-1], Reason: reasons[d.IntN(len(reasons))]})
		}
	}
	slices.SortFunc(list, func(a, b rejected) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(list, func(a, b rejected) bool { return a.ID == b.ID })
}

func (d *drawing) digest() string {
	var b [32]byte
	for i := range b {
		b[i] = byte(d.Uint32())
	}
	return hex.EncodeToString(b[:])
}

// finding is the part of a finding that the advisory alone decides.
func (a advisory) finding() (finding, error) {
	f := finding{
		ID: a.id, Aliases: append([]string{a.id}, a.aliases...), FixedVersions: append([]string{}, a.fixed...),
		Severity: severity{Level: "unknown"},
	}
	slices.Sort(f.Aliases)
	slices.Sort(f.FixedVersions)
	if a.vector == "" {
		return f, nil
	}
	score, err := baseScore(a.vector)
	if err != nil {
		return finding{}, fmt.Errorf("advisory %s: %w", a.id, err)
	}
	f.Severity = severity{Level: cvssLevel(score), Score: &score, Source: a.id, Vector: a.vector}
	if len(a.aliases) > 0 {
		f.Severity.Source = a.aliases[0]
	}
	return f, nil
}
