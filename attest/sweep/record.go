package sweep

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Files of a record, beside what a decision adds.
const (
	ResultsFile = "results.csv"
	EntriesFile = "results.entries.jsonl"
	MetaFile    = "results.meta.json"
)

// ErrRecordExists is wrapped by the error of creating a record where there is one.
var ErrRecordExists = errors.New("a recorded sweep is there already")

// Record is a sweep on disk: a directory with results.csv, results.entries.jsonl
// and results.meta.json. The three agree after every [Record.Append], the failed
// ones included; a crash in the middle of one loses at most that run. A Record is
// used by one goroutine at a time, and a directory by one process.
type Record struct {
	dir     string
	meta    Meta
	rows    []Row
	csv     *lineFile
	entries *lineFile
	// Dropped says in words what [OpenRecord] found cut off, and leaves out.
	Dropped []string
}

// lineFile is a file of whole lines. A write that fails half-way leaves a part of
// them behind size: who writes cuts it off.
type lineFile struct {
	f interface {
		io.WriteCloser
		Truncate(size int64) error
		Sync() error
	}
	size int64
}

func (l *lineFile) append(lines []byte) error {
	if _, err := l.f.Write(lines); err != nil {
		return err
	}
	l.size += int64(len(lines))
	return nil
}

// cut drops what is behind size. The file is open for appending, so the next write
// follows there.
func (l *lineFile) cut(size int64) error {
	l.size = size
	if err := l.f.Truncate(size); err != nil {
		return fmt.Errorf("taking back a line that was cut off: %w", err)
	}
	return nil
}

func (l *lineFile) close() error {
	if l == nil { // the entries of a record that is kept without them
		return nil
	}
	return errors.Join(l.f.Sync(), l.f.Close())
}

// CheckNew reports whether a record could be created in dir, and leaves nothing
// behind. It lets a command find out before it submits anything.
func CheckNew(dir string) error {
	for _, name := range []string{ResultsFile, EntriesFile, MetaFile} {
		switch _, err := os.Lstat(filepath.Join(dir, name)); {
		case err == nil:
			return fmt.Errorf("%s: %w (%s)", dir, ErrRecordExists, name)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("looking for a recorded sweep: %w", err)
		}
	}
	// Only a file that was made shows that one can be made: permission bits say
	// nothing of a read-only file system or of root.
	parent := filepath.Clean(dir)
	for {
		if _, err := os.Stat(parent); err == nil || !errors.Is(err, fs.ErrNotExist) || parent == filepath.Dir(parent) {
			break
		}
		parent = filepath.Dir(parent)
	}
	probe, err := os.CreateTemp(parent, ".stella-probe-*")
	if err != nil {
		return fmt.Errorf("the results cannot be written to %s: %w", dir, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// CreateRecord makes the directory and the three files in it. Where one of them
// exists the error wraps [ErrRecordExists], and nothing is changed.
func CreateRecord(dir string, meta Meta) (_ *Record, err error) {
	if err := CheckNew(dir); err != nil {
		return nil, err
	}
	meta.Schema = MetaSchema
	r := &Record{dir: dir, meta: meta}
	made := !isDir(dir)
	defer func() {
		if err == nil {
			return
		}
		r.csv.discard()
		r.entries.discard()
		os.Remove(r.path(MetaFile))
		if made {
			os.Remove(dir) // fails, rightly, if it is not empty
		}
		err = fmt.Errorf("creating the record in %s: %w", dir, err)
	}()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if r.csv, err = create(r.path(ResultsFile)); err != nil {
		return nil, err
	}
	if r.entries, err = create(r.path(EntriesFile)); err != nil {
		return nil, err
	}
	if err := r.csv.append([]byte(Header + "\n")); err != nil {
		return nil, err
	}
	return r, r.writeMeta()
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func create(name string) (*lineFile, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	return &lineFile{f: f}, nil
}

// discard removes a file that was just made.
func (l *lineFile) discard() {
	if l == nil {
		return
	}
	l.f.Close()
	if f, ok := l.f.(*os.File); ok {
		os.Remove(f.Name())
	}
}

func (r *Record) path(name string) string { return filepath.Join(r.dir, name) }

// Meta returns what the record says of the sweep.
func (r *Record) Meta() Meta { return r.meta }

// Rows returns the rows recorded.
func (r *Record) Rows() []Row { return r.rows }

// schedule replays the rows recorded.
func (r *Record) schedule() *schedule {
	s := newSchedule(r.meta.Plan)
	for _, row := range r.rows {
		s.done(row)
	}
	return s
}

// Append records a run that was done, and the sizes given up so far. When it fails
// the record is as it was before.
func (r *Record) Append(m Measurement, stopped []Stopped) error {
	csv, entries, meta := r.csv.size, r.entries.size, r.meta
	err := r.append(m, stopped)
	if err == nil {
		r.rows = append(r.rows, m.Row)
		return nil
	}
	r.meta = meta
	return fmt.Errorf("recording run %d in %s: %w (the runs before it are kept; make room and resume)", len(r.rows), r.dir,
		errors.Join(err, r.csv.cut(csv), r.entries.cut(entries)))
}

// append writes the entries first and the meta, which replaces the old one in one
// step, last: whoever finds a run in the meta finds all of it.
func (r *Record) append(m Measurement, stopped []Stopped) error {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, e := range m.Entries {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	if err := r.entries.append(lines.Bytes()); err != nil {
		return err
	}
	if err := r.csv.append([]byte(m.Row.String() + "\n")); err != nil {
		return err
	}
	r.meta.Runs = append(r.meta.Runs, m.Run)
	r.meta.Stopped = slices.Clone(stopped)
	r.meta.Ended = time.Time{}
	return r.writeMeta()
}

// Finish notes that the plan is done. The time is kept from the first call.
func (r *Record) Finish(ended time.Time) error {
	if !r.meta.Ended.IsZero() {
		return nil
	}
	r.meta.Ended = ended.UTC().Truncate(time.Millisecond)
	return r.writeMeta()
}

// Close brings the files to the disk and closes them.
func (r *Record) Close() error {
	err := errors.Join(r.csv.close(), r.entries.close())
	if err != nil {
		return fmt.Errorf("closing the record in %s: %w", r.dir, err)
	}
	return nil
}

// writeMeta replaces the meta file in one step.
func (r *Record) writeMeta() error {
	data, err := encodeMeta(r.meta)
	if err != nil {
		return err
	}
	return ReplaceFile(r.path(MetaFile), data)
}

// encodeMeta writes a run on a line: a sweep has hundreds, and a diff of two should
// show them.
func encodeMeta(m Meta) ([]byte, error) {
	runs := m.Runs
	m.Runs = []Run{}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil || len(runs) == 0 {
		return append(data, '\n'), err
	}
	var list bytes.Buffer
	for i, run := range runs {
		line, err := json.Marshal(run)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			list.WriteByte(',')
		}
		fmt.Fprintf(&list, "\n    %s", line)
	}
	// A string cannot hold a raw line feed, so this is the member itself.
	const empty, open, end = "\n  \"runs\": []", "\n  \"runs\": [", "\n  ]"
	data = bytes.Replace(data, []byte(empty), []byte(open+list.String()+end), 1)
	return append(data, '\n'), nil
}

// ReadMeta reads a results.meta.json. A field that this version does not know is
// an error: a decision would not bind to it.
func ReadMeta(rd io.Reader) (Meta, error) {
	var m Meta
	dec := json.NewDecoder(rd)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return Meta{}, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return Meta{}, errors.New("there is more behind it")
	}
	if m.Schema != MetaSchema {
		return Meta{}, fmt.Errorf("schema is %.80q, want %q", m.Schema, MetaSchema)
	}
	return m, nil
}

// ReadRecord reads the rows and the meta of a recorded sweep and changes nothing.
// It is strict: see [OpenRecord] for one that was cut off.
func ReadRecord(dir string) ([]Row, Meta, error) {
	rows, meta, err := readRecord(dir)
	switch {
	case errors.Is(err, ErrPartialLine):
		return nil, Meta{}, fmt.Errorf("%w: resume the sweep to repair it", err)
	case err != nil:
		return nil, Meta{}, err
	case len(rows) != len(meta.Runs):
		return nil, Meta{}, fmt.Errorf("reading the record in %s: %d rows but %d runs: resume the sweep to repair it", dir, len(rows), len(meta.Runs))
	}
	return rows, meta, nil
}

// readRecord reads both files; the rows before a cut come with [ErrPartialLine].
func readRecord(dir string) ([]Row, Meta, error) {
	name := filepath.Join(dir, MetaFile)
	m, err := os.Open(name)
	if err != nil {
		return nil, Meta{}, fmt.Errorf("reading the record: %w", err)
	}
	defer m.Close()
	meta, err := ReadMeta(m)
	if err != nil {
		return nil, Meta{}, fmt.Errorf("reading %s: %w", name, err)
	}
	name = filepath.Join(dir, ResultsFile)
	c, err := os.Open(name)
	if err != nil {
		return nil, Meta{}, fmt.Errorf("reading the record: %w", err)
	}
	defer c.Close()
	rows, err := ReadCSV(c)
	if err != nil {
		err = fmt.Errorf("reading %s: %w", name, err)
	}
	return rows, meta, err
}

// OpenRecord opens a recorded sweep to go on with it. Only runs that all three
// files hold are taken; what else a crash left behind is named in Dropped. Nothing
// is changed before [Record.Resume].
//
// A record may be kept without its entries, which are large and decide nothing: the
// file is made anew then, and holds the runs from there on.
func OpenRecord(dir string) (*Record, error) {
	rows, meta, err := readRecord(dir)
	r := &Record{dir: dir, meta: meta}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: there is no sweep to resume", err)
	case errors.Is(err, ErrPartialLine):
		r.Dropped = append(r.Dropped, err.Error())
	case err != nil:
		return nil, err
	}
	n := min(len(rows), len(meta.Runs))
	r.rows, r.meta.Runs = rows[:n], meta.Runs[:n]
	if err := r.checkPlan(); err != nil {
		return nil, fmt.Errorf("reading the record in %s: %w", dir, err)
	}
	n, size, err := completeRuns(r.path(EntriesFile), r.rows)
	if err != nil {
		return nil, err
	}
	if len(rows) > n || len(meta.Runs) > n {
		r.Dropped = append(r.Dropped, fmt.Sprintf("%s has %d rows, %s %d runs, %s %d complete ones: the first %d are kept",
			ResultsFile, len(rows), MetaFile, len(meta.Runs), EntriesFile, n, n))
	}
	r.rows, r.meta.Runs = rows[:n], meta.Runs[:n]
	if r.csv, err = reopen(r.path(ResultsFile), csvSize(r.rows)); err != nil {
		return nil, err
	}
	r.entries, err = reopen(r.path(EntriesFile), size)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, r.csv.f.Close())
	}
	return r, nil
}

// csvSize is the length of a file with these rows. ReadCSV takes only what is
// written back byte for byte, so it can be counted.
func csvSize(rows []Row) int64 {
	size := len(Header) + 1
	for _, row := range rows {
		size += len(row.String()) + 1
	}
	return int64(size)
}

func reopen(name string, size int64) (*lineFile, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the record: %w", err)
	}
	return &lineFile{f: f, size: size}, nil
}

// checkPlan reports whether the rows are the ones that the plan gives.
func (r *Record) checkPlan() error {
	if _, err := NewPlan(r.meta.Plan); err != nil {
		return err
	}
	s := newSchedule(r.meta.Plan)
	for i, row := range r.rows {
		want, ok := s.run()
		got := r.meta.Runs[i]
		if !ok {
			return fmt.Errorf("row %d is more than the plan holds", i)
		}
		if row.BatchSize != want.Size || got.Size != want.Size || got.Block != want.Block || got.Position != want.Position {
			return fmt.Errorf("row %d is a batch of %d, run %d.%d of %d; the plan has run %d.%d of %d there: the files were edited or come from two sweeps",
				i, row.BatchSize, got.Block, got.Position, got.Size, want.Block, want.Position, want.Size)
		}
		s.done(row)
	}
	return nil
}

// completeRuns counts the rows whose entries are all in the file, and the bytes that
// those take. Runs before the file's first entry are complete: the record was kept
// without their entries.
func completeRuns(name string, rows []Row) (n int, size int64, err error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return len(rows), 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("reading the record: %w", err)
	}
	defer f.Close()
	br := bufio.NewReader(f)
	switch n, err = firstRun(br); {
	case err != nil:
		return 0, 0, fmt.Errorf("reading %s: %w", name, err)
	case n > len(rows):
		return 0, 0, fmt.Errorf("reading %s: it begins with run %d, and only %d are recorded", name, n, len(rows))
	}
	for ; n < len(rows); n++ {
		run := int64(0)
		for i := range rows[n].BatchSize {
			line, err := br.ReadBytes('\n')
			if err == io.EOF {
				return n, size, nil
			}
			if err != nil {
				return 0, 0, fmt.Errorf("reading %s: %w", name, err)
			}
			var e EntryRecord
			if err := json.Unmarshal(line, &e); err != nil {
				return 0, 0, fmt.Errorf("reading %s: run %d, entry %d: %w", name, n, i, err)
			}
			if e.Run != n || e.Index != i {
				return 0, 0, fmt.Errorf("reading %s: found run %d, entry %d where run %d, entry %d belongs", name, e.Run, e.Index, n, i)
			}
			run += int64(len(line))
		}
		size += run
	}
	return n, size, nil
}

// firstRun is the run of the first entry, 0 where there is no whole one.
func firstRun(br *bufio.Reader) (int, error) {
	const longest = 4096
	head, err := br.Peek(longest)
	if err != nil && err != io.EOF {
		return 0, err
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	var e EntryRecord
	if json.Unmarshal(line, &e) != nil {
		return 0, nil // cut off, or what the caller will complain of
	}
	return max(e.Run, 0), nil
}

// Resume checks that the sweep at hand is the recorded one and drops what was cut
// off. The error names every field that differs. A v1 log keeps its name in its
// origin but gets another tree when it is set up anew: that is noted, not refused,
// because what was measured is the server with its settings.
func (r *Record) Resume(now Meta) error {
	if diffs := differences(r.meta, now); len(diffs) > 0 {
		return fmt.Errorf("the sweep in %s cannot be resumed, it was another: %s; give what was given then, or name another directory", r.dir, strings.Join(diffs, "; "))
	}
	if now.Log.Origin != r.meta.Log.Origin {
		settings := maps.Clone(r.meta.Log.Settings)
		if settings == nil {
			settings = make(map[string]string)
		}
		settings[fmt.Sprintf("%s%d", resumedAt, len(r.rows))] = now.Log.Origin
		r.meta.Log.Settings = settings
	}
	if r.entries == nil { // kept without them
		var err error
		if r.entries, err = create(r.path(EntriesFile)); err != nil {
			return err
		}
	}
	return errors.Join(r.csv.cut(r.csv.size), r.entries.cut(r.entries.size), r.writeMeta())
}

// resumedAt heads the setting that names the tree a sweep went on with.
const resumedAt = "resumed_at_run_"

// treeID is what a v1 log's origin has behind its name.
var treeID = regexp.MustCompile(` - [0-9]+$`)

// differences names the fields that make two sweeps different ones.
func differences(recorded, now Meta) []string {
	was, is := flatten(recorded), flatten(now)
	var diffs []string
	for _, field := range slices.Sorted(maps.Keys(union(was, is))) {
		if was[field] != is[field] {
			diffs = append(diffs, fmt.Sprintf("%s was %s, is %s", field, orNothing(was[field]), orNothing(is[field])))
		}
	}
	return diffs
}

func union(a, b map[string]string) map[string]string {
	u := maps.Clone(a)
	maps.Copy(u, b)
	return u
}

func orNothing(s string) string {
	if s == "" {
		return "not given"
	}
	return s
}

// flatten gives the JSON of what a sweep must keep, field by field. The checkpoint
// interval is left out, because it is measured anew where the log does not tell it,
// and so is what follows from other fields.
func flatten(m Meta) map[string]string {
	m.Schema, m.Started, m.Ended, m.Runs, m.Stopped = "", time.Time{}, time.Time{}, nil, nil
	m.Log.CheckpointInterval, m.Corpus.Reused = 0, false
	m.Log.Origin = treeID.ReplaceAllString(m.Log.Origin, "")
	m.Log.Settings = maps.Clone(m.Log.Settings)
	maps.DeleteFunc(m.Log.Settings, func(k, _ string) bool { return strings.HasPrefix(k, resumedAt) })
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // a Meta has only strings, numbers and durations of a few days
	}
	var tree map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&tree); err != nil {
		panic(err)
	}
	flat := make(map[string]string)
	walk(flat, "", tree)
	return flat
}

func walk(flat map[string]string, path string, v any) {
	if object, ok := v.(map[string]any); ok {
		for name, member := range object {
			walk(flat, strings.TrimPrefix(path+"."+name, "."), member)
		}
		return
	}
	flat[path] = fmt.Sprint(v)
}
