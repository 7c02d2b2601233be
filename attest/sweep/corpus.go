package sweep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/stella-ops/stella/attest"
)

// RunField is the member that a sweep adds to every report that it signs, so that
// no two payloads are the same: a log answers a payload that it has seen before
// much faster, and differently.
const RunField = "stellaSweep"

// maxRunField bounds the length of the member, its comma included.
const maxRunField = 256

// Reports is the corpus of a sweep: the scanner reports that its runs sign.
type Reports struct {
	files []report
	info  Corpus
}

type report struct {
	name string // file name
	data []byte // a JSON object without [RunField]
	body int    // index in data behind the opening brace
	bare bool   // the object has no members
}

// LoadReports reads the *.json files of a directory, in file name order. Each must
// be one JSON object and fit into an envelope.
func LoadReports(dir string) (*Reports, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the reports directory: %w", err)
	}
	r := &Reports{}
	sum := sha256.New()
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".json" {
			continue
		}
		data, err := readReport(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading report %s: %w", filepath.Join(dir, e.Name()), err)
		}
		rep, err := parseReport(e.Name(), data)
		if err != nil {
			return nil, fmt.Errorf("reading report %s: %w", filepath.Join(dir, e.Name()), err)
		}
		r.files = append(r.files, rep)
		// Hashing the hashes keeps the boundary between two reports in the sum.
		one := sha256.Sum256(data)
		sum.Write(one[:])
	}
	if len(r.files) == 0 {
		return nil, fmt.Errorf("no report (*.json) in %s: name the directory that holds the scanner's reports", dir)
	}
	sizes := make([]int, len(r.files))
	for i, f := range r.files {
		sizes[i] = len(f.data)
	}
	slices.Sort(sizes)
	r.info = Corpus{
		Reports:  len(sizes),
		MinBytes: sizes[0],
		P50Bytes: sizes[(len(sizes)-1)/2],
		MaxBytes: sizes[len(sizes)-1],
		SHA256:   hex.EncodeToString(sum.Sum(nil)),
	}
	return r, nil
}

// readReport reads a file that fits into an envelope together with the run field.
func readReport(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe would be waited for without end
		return nil, errors.New("it is no regular file: leave it out of the directory")
	}
	const limit = attest.MaxPayloadBytes - maxRunField
	if info.Size() > limit {
		return nil, fmt.Errorf("it has %d bytes: %w (%d); leave it out of the directory", info.Size(), attest.ErrTooLarge, limit)
	}
	return os.ReadFile(name)
}

func parseReport(name string, data []byte) (report, error) {
	if len(data) == 0 {
		return report{}, errors.New("the file is empty")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		if syntax, ok := err.(*json.SyntaxError); ok {
			return report{}, fmt.Errorf("line %d: not JSON: %w", 1+bytes.Count(data[:syntax.Offset], []byte("\n")), err)
		}
		return report{}, fmt.Errorf("a report is a JSON object: %w", err)
	}
	if members == nil {
		return report{}, errors.New("a report is a JSON object, not null")
	}
	if _, ok := members[RunField]; ok {
		return report{}, fmt.Errorf("it has a member %q, so it is the payload of an earlier sweep: give the report itself", RunField)
	}
	return report{name: name, data: data, body: bytes.IndexByte(data, '{') + 1, bare: len(members) == 0}, nil
}

// Info describes the corpus, as results.meta.json does. Reused is false: it is for
// who knows the batch sizes to say.
func (r *Reports) Info() Corpus { return r.info }

// runTag is the value of [RunField].
type runTag struct {
	ID    string `json:"id"`
	Run   int    `json:"run"`
	Index int    `json:"index"`
}

// payload returns the report with the tag as its first member.
func (r report) payload(tag runTag) ([]byte, error) {
	value, err := json.Marshal(tag)
	if err != nil {
		return nil, err
	}
	if len(value)+len(RunField)+len(`"":,`) > maxRunField {
		return nil, fmt.Errorf("a run field of %d bytes is too long", len(value))
	}
	var b bytes.Buffer
	b.Grow(len(r.data) + maxRunField)
	b.Write(r.data[:r.body])
	fmt.Fprintf(&b, "%q:%s", RunField, value)
	if !r.bare {
		b.WriteByte(',')
	}
	b.Write(r.data[r.body:])
	return b.Bytes(), nil
}
