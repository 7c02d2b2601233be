package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// readAll gives the files of a directory by name.
func readDir(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	files := make(map[string]string)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(data)
	}
	return files
}

func TestCreateRecordTouchesNothingThere(t *testing.T) {
	r, _ := newRunner(t)
	for _, name := range []string{ResultsFile, EntriesFile, MetaFile} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o644))
		before := readDir(t, dir)
		_, err := CreateRecord(dir, newMeta(r))
		require.ErrorIs(t, err, ErrRecordExists)
		require.ErrorContains(t, err, dir)
		require.Equal(t, before, readDir(t, dir))
	}
}

func TestCheckNewLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, CheckNew(filepath.Join(dir, "a", "b")))
	require.NoError(t, CheckNew(dir))
	require.Empty(t, readDir(t, dir))
	t.Chdir(dir)
	require.NoError(t, CheckNew("out"))
	require.Empty(t, readDir(t, dir))

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, out := range []string{file, filepath.Join(file, "out")} {
		require.ErrorIs(t, CheckNew(out), syscall.ENOTDIR, "CheckNew(%s)", out)
	}
}

// fullFile takes room bytes, half a line too, and then no more.
type fullFile struct {
	*os.File
	room int
}

func (f *fullFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p[:min(len(p), f.room)])
	f.room -= n
	if n < len(p) && err == nil {
		err = syscall.ENOSPC
	}
	return n, err
}

// TestDiskFull fills the disk at every stage of a run: the error says so, the files
// agree and hold whole lines only, and the sweep is completed once there is room.
func TestDiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, fill := range []struct {
			name string
			full func(*Record)
		}{
			{"in the rows", func(r *Record) { r.csv.f = &fullFile{r.csv.f.(*os.File), 200} }},
			{"in the entries", func(r *Record) { r.entries.f = &fullFile{r.entries.f.(*os.File), 3000} }},
		} {
			r, _ := newRunner(t)
			s := newSweep(t, r)
			fill.full(s.Record)
			err := s.Run(t.Context())
			require.ErrorIs(t, err, syscall.ENOSPC, fill.name)
			require.ErrorContains(t, err, "make room and resume")
			done := len(s.Record.Rows())
			require.NoError(t, s.Record.Close())

			rows, meta, err := ReadRecord(s.Record.dir)
			require.NoError(t, err, fill.name)
			require.Len(t, rows, done)
			require.Len(t, meta.Runs, done)
			entries := strings.SplitAfter(readDir(t, s.Record.dir)[EntriesFile], "\n")
			require.Empty(t, entries[len(entries)-1], "%s: the last entry is cut off", fill.name)
			entered := 0
			for _, row := range rows {
				entered += row.Envelopes
			}
			require.Len(t, entries, entered+1, fill.name)

			s = resume(t, s, "with room")
			require.NoError(t, s.Run(t.Context()))
			require.NoError(t, s.Record.Close())
			require.Len(t, s.Record.Rows(), 12)
		}
	})
}

// TestMetaCannotBeWritten has a directory in the way of the new meta file: the row
// that belongs to it is taken back.
func TestMetaCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		s := newSweep(t, r)
		before := readDir(t, s.Record.dir)
		require.NoError(t, os.MkdirAll(filepath.Join(s.Record.dir, MetaFile+".tmp", "x"), 0o755))
		require.ErrorContains(t, s.Run(t.Context()), "recording run 0")
		require.NoError(t, s.Record.Close())
		require.NoError(t, os.RemoveAll(filepath.Join(s.Record.dir, MetaFile+".tmp")))
		require.Equal(t, before, readDir(t, s.Record.dir))
		require.Empty(t, s.Record.Meta().Runs)
	})
}

// TestDevFull writes to the kernel's own full disk.
func TestDevFull(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have /dev/full: %v", err)
		t.Skip("this system has no /dev/full")
	}
	l := &lineFile{f: f}
	require.ErrorIs(t, l.append([]byte("a line\n")), syscall.ENOSPC)
	require.Zero(t, l.size)
}

// recorded runs a sweep and returns its directory.
func recorded(t testing.TB, r *Runner) string {
	t.Helper()
	s := newSweep(t, r)
	require.NoError(t, s.Run(t.Context()))
	require.NoError(t, s.Record.Close())
	return s.Record.dir
}

// TestOpenRecordAfterACrash damages the files as a crash can at any moment.
func TestOpenRecordAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		whole := readDir(t, recorded(t, r))
		meta, err := ReadMeta(strings.NewReader(whole[MetaFile]))
		require.NoError(t, err)
		without := func(n int) string { // the meta before the last n runs
			m := meta
			m.Runs = m.Runs[:len(m.Runs)-n]
			data, err := encodeMeta(m)
			require.NoError(t, err)
			return string(data)
		}
		cut := func(name string, n int) string { return whole[name][:len(whole[name])-n] }
		for _, test := range []struct {
			name                string
			csv, entries, meta  string
			rows                int
			dropped, strictFail string
		}{
			{"nothing", whole[ResultsFile], whole[EntriesFile], whole[MetaFile], 12, "", ""},
			{"in the middle of a row", cut(ResultsFile, 20), whole[EntriesFile], without(1), 11, "line 13: the last line is cut off", "cut off"},
			{"between row and meta", whole[ResultsFile], whole[EntriesFile], without(1), 11, "the first 11 are kept", "12 rows but 11 runs"},
			{"in the middle of an entry", cut(ResultsFile, 0), cut(EntriesFile, 20), whole[MetaFile], 11, "the first 11 are kept", ""},
			{"behind the entries", Header + "\n", whole[EntriesFile], without(12), 0, "", ""},
			{"the entries lost", whole[ResultsFile], "", whole[MetaFile], 0, "the first 0 are kept", ""},
		} {
			dir := t.TempDir()
			for name, text := range map[string]string{ResultsFile: test.csv, EntriesFile: test.entries, MetaFile: test.meta} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
			}
			before := readDir(t, dir)
			if test.strictFail != "" {
				_, _, err := ReadRecord(dir)
				require.ErrorContains(t, err, test.strictFail, test.name)
				require.ErrorContains(t, err, "resume the sweep to repair it", test.name)
			}
			record, err := OpenRecord(dir)
			require.NoError(t, err, test.name)
			require.Len(t, record.Rows(), test.rows, test.name)
			require.Contains(t, strings.Join(record.Dropped, "; "), test.dropped, test.name)
			require.Equal(t, test.dropped == "", len(record.Dropped) == 0, "%s: %v", test.name, record.Dropped)
			require.Equal(t, before, readDir(t, dir), "%s: OpenRecord changed something", test.name)

			require.NoError(t, record.Resume(newMeta(r)), test.name)
			again := *r
			again.ID = "after the crash: " + test.name
			s := Sweep{Runner: &again, Record: record, Progress: quietProgress(t)}
			require.NoError(t, s.Run(t.Context()), test.name)
			require.NoError(t, record.Close())
			rows, completed, err := ReadRecord(dir)
			require.NoError(t, err, test.name)
			require.Len(t, rows, 12, test.name)
			require.Equal(t, test.rows < 12, completed.Ended.After(meta.Ended), "%s: ended %v, before the crash %v", test.name, completed.Ended, meta.Ended)
			require.Equal(t, 4*(1+2+5), strings.Count(readDir(t, dir)[EntriesFile], "\n"), test.name)
		}
	})
}

// A record that is kept without its entries goes on all the same, also twice.
func TestResumeWithoutEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		whole := readDir(t, recorded(t, r))
		meta, err := ReadMeta(strings.NewReader(whole[MetaFile]))
		require.NoError(t, err)
		lines := strings.SplitAfter(whole[ResultsFile], "\n")
		dir := t.TempDir()
		keep := func(runs int) { // a record of the first runs
			m := meta
			m.Runs = m.Runs[:runs]
			data, err := encodeMeta(m)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, MetaFile), data, 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, ResultsFile), []byte(strings.Join(lines[:runs+1], "")), 0o644))
		}
		keep(5)
		record, err := OpenRecord(dir)
		require.NoError(t, err)
		require.Empty(t, record.Dropped)
		require.Len(t, record.Rows(), 5)
		require.NoError(t, record.Close())
		require.NotContains(t, readDir(t, dir), EntriesFile, "OpenRecord changed something")

		for range 2 { // the second time, the entries begin with the fifth run
			record, err = OpenRecord(dir)
			require.NoError(t, err)
			require.Empty(t, record.Dropped)
			require.NoError(t, record.Resume(newMeta(r)))
			again := *r
			again.ID = "resumed"
			s := Sweep{Runner: &again, Record: record, Progress: quietProgress(t)}
			require.NoError(t, s.Run(t.Context()))
			require.NoError(t, record.Close())
			rows, _, err := ReadRecord(dir)
			require.NoError(t, err)
			require.Len(t, rows, 12)
			require.True(t, strings.HasPrefix(readDir(t, dir)[EntriesFile], `{"run":5,`))
		}

		keep(3) // fewer than the entries begin with
		_, err = OpenRecord(dir)
		require.ErrorContains(t, err, "it begins with run 5, and only 3 are recorded")
	})
}

func TestOpenRecordErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		dir := recorded(t, r)
		whole := readDir(t, dir)
		rows := strings.SplitAfter(whole[ResultsFile], "\n")
		swapped := rows[0] + rows[2] + rows[1] + strings.Join(rows[3:], "")
		for _, test := range []struct{ name, file, text, err string }{
			{"another schema", MetaFile, strings.Replace(whole[MetaFile], MetaSchema, "other/v1", 1), "schema is"},
			{"an unknown field", MetaFile, strings.Replace(whole[MetaFile], `"environment"`, `"weather"`, 1), "unknown field"},
			{"a field of the wrong type", MetaFile, strings.Replace(whole[MetaFile], `"seed": 7`, `"seed": "7"`, 1), "plan.seed"},
			{"rows in another order", ResultsFile, swapped, "the files were edited"},
			{"an edited row", ResultsFile, strings.Replace(whole[ResultsFile], ",1,0,0\n", ",1,1,0\n", 1), "do not make"},
			{"entries of another run", EntriesFile, strings.Replace(whole[EntriesFile], `"run":3`, `"run":4`, 1), "found run 4, entry 0 where run 3"},
			{"an entry that is none", EntriesFile, "x\n" + whole[EntriesFile], "run 0, entry 0: invalid character"},
			{"another plan", MetaFile, strings.Replace(whole[MetaFile], `"seed": 7`, `"seed": 8`, 1), "come from two sweeps"},
			{"a plan that is none", MetaFile, `{"schema":"stella.sweep-meta/v1","plan":{"sizes":[0],"confirm":true}}`, "the smallest batch holds 1 envelope"},
			{"more behind", MetaFile, whole[MetaFile] + "{}", "there is more behind it"},
		} {
			require.NotEqual(t, whole[test.file], test.text, test.name)
			require.NoError(t, os.WriteFile(filepath.Join(dir, test.file), []byte(test.text), 0o644))
			_, err := OpenRecord(dir)
			require.ErrorContains(t, err, test.err, test.name)
			require.NoError(t, os.WriteFile(filepath.Join(dir, test.file), []byte(whole[test.file]), 0o644))
		}
		_, err := OpenRecord(filepath.Join(dir, "missing"))
		require.ErrorContains(t, err, "there is no sweep to resume")
	})
}

func TestResumeRefusesAnotherSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		dir := recorded(t, r)
		for _, test := range []struct {
			change func(*Meta)
			err    string
		}{
			{func(m *Meta) { m.Plan.Sizes = []int{1, 2} }, "plan.sizes was [1 2 5], is [1 2]"},
			{func(m *Meta) { m.Plan.Seed = 8 }, "plan.seed was 7, is 8"},
			{func(m *Meta) { m.Plan.Blocks = 5 }, "plan.blocks was 4, is 5"},
			{func(m *Meta) { m.Plan.Confirm = true }, "plan.confirm was false, is true"},
			{func(m *Meta) { m.Plan.MaxGap = 0 }, "plan.max_gap_ms was 200, is 0"},
			{func(m *Meta) { m.Plan.Budget = 1e6 }, "plan.budget_ms was 5000, is 1"},
			{func(m *Meta) { m.Client.Mode = ModeStatement }, "client.mode was report, is statement"},
			{func(m *Meta) { m.Client.CPUs = 64 }, "client.cpus was 0, is 64"},
			{func(m *Meta) { m.Corpus.SHA256 = "other" }, "corpus.sha256 was " + r.Reports.Info().SHA256 + ", is other"},
			{func(m *Meta) { m.Environment = "other" }, "environment was test, is other"},
			{func(m *Meta) { m.Log.Kind = "v2" }, "log.kind was v1, is v2"},
			{func(m *Meta) { m.Log.Origin = "other - 1" }, "log.origin was fake, is other"},
			{func(m *Meta) { m.Log.Settings = map[string]string{"batch_size": "1"} }, "log.settings.batch_size was not given, is 1"},
			{func(m *Meta) { m.Plan.Seed, m.Plan.Blocks = 8, 5 }, "plan.blocks was 4, is 5; plan.seed was 7, is 8"},
		} {
			before := readDir(t, dir)
			record, err := OpenRecord(dir)
			require.NoError(t, err)
			now := newMeta(r)
			test.change(&now)
			require.ErrorContains(t, record.Resume(now), test.err)
			require.NoError(t, record.Close())
			require.Equal(t, before, readDir(t, dir), "a refused resume changed something")
		}
	})
}

// TestResumeOnANewTree goes on with a log in memory that was started anew: allowed,
// and said in the meta.
func TestResumeOnANewTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		dir := recorded(t, r)
		for range 2 {
			record, err := OpenRecord(dir)
			require.NoError(t, err)
			now := newMeta(r)
			now.Log.Origin = "fake - 2"
			require.NoError(t, record.Resume(now))
			require.NoError(t, record.Close())
			_, meta, err := ReadRecord(dir)
			require.NoError(t, err)
			require.Equal(t, "fake - 1", meta.Log.Origin)
			require.Equal(t, map[string]string{"resumed_at_run_12": "fake - 2"}, meta.Log.Settings)
		}
	})
}

// TestEncodeMeta: a run on a line is layout, and nothing else.
func TestEncodeMeta(t *testing.T) {
	r, _ := newRunner(t)
	meta := newMeta(r)
	meta.Schema = MetaSchema
	meta.Environment = "\n  \"runs\": []" // must not be taken for the member
	for _, runs := range [][]Run{nil, {{Size: 1, Statuses: map[int]int{201: 1}}}, {{Size: 1}, {Block: 1, Size: 5}}} {
		meta.Runs = runs
		data, err := encodeMeta(meta)
		require.NoError(t, err)
		got, err := ReadMeta(bytes.NewReader(data))
		require.NoError(t, err, "%s", data)
		want, err := json.Marshal(meta)
		require.NoError(t, err)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.Equal(t, strings.Replace(string(want), `"runs":null`, `"runs":[]`, 1), string(again))
		require.Equal(t, len(runs), strings.Count(string(data), `{"block":`))
	}
}

func FuzzReadMeta(f *testing.F) {
	f.Add([]byte(`{"schema":"stella.sweep-meta/v1","plan":{"sizes":[1,5],"min_gap_ms":0.5},"runs":[{"size":1,"statuses":{"201":1}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadMeta(bytes.NewReader(data))
		if err != nil {
			return
		}
		first, err := encodeMeta(m)
		if err != nil {
			return // times beyond the year 9999
		}
		again, err := ReadMeta(bytes.NewReader(first))
		require.NoError(t, err, "%s", first)
		second, err := encodeMeta(again)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	})
}

// TestRecordIsReadable reads the entries as any other program would.
func TestRecordIsReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newRunner(t)
		dir := recorded(t, r)
		rows, meta, err := ReadRecord(dir)
		require.NoError(t, err)
		dec := json.NewDecoder(strings.NewReader(readDir(t, dir)[EntriesFile]))
		total := make([]int64, len(rows))
		slowest := make([]time.Duration, len(rows))
		for {
			var e EntryRecord
			if err := dec.Decode(&e); err == io.EOF {
				break
			}
			require.NoError(t, err)
			total[e.Run] += int64(e.Bytes)
			slowest[e.Run] = max(slowest[e.Run], time.Duration(e.Latency))
			require.Equal(t, []int{meta.Runs[e.Run].Block, meta.Runs[e.Run].Position, meta.Runs[e.Run].Size}, []int{e.Block, e.Position, e.BatchSize})
		}
		for i, row := range rows {
			require.Equal(t, row.TotalBytes, total[i], "row %d", i)
			require.Equal(t, row.Latency, slowest[i], "row %d", i)
		}
	})
}
