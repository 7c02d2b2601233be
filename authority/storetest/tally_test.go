package storetest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/storetest"
)

// An engine is what the suite runs on, with what was done there.
type engine struct {
	name string // of subtests
	open storetest.Open
	// batch is how many tokens a store of it takes before a race on it gets slow.
	batch int
	// faulty opens a store with so many connections on a server that faults can meet; nil
	// where there is no server.
	faulty func(t *testing.T, connections int) storetest.Faulty

	operations storetest.Counts
	mu         sync.Mutex // guards what follows
	version    string
	figures    map[figure]int
}

// figure is something that is counted of each engine.
type figure string

const (
	recordsCompared  figure = "records compared byte for byte"
	answersCompared  figure = "answers compared in lockstep"
	racesWon         figure = "races of 64 revocations, one winner each"
	judged           figure = "calls of histories judged"
	judgedWithFaults figure = "calls of histories judged, with faults"
	faultsInjected   figure = "faults injected"
	crashesSurvived  figure = "crashes and restarts survived under load"
	mutantsKilled    figure = "mutants killed"
)

// required are the figures of which none may be zero in a full run.
func (e *engine) required() []figure {
	list := []figure{recordsCompared, answersCompared, racesWon, judged, mutantsKilled}
	if e.faulty != nil {
		list = append(list, judgedWithFaults, faultsInjected, crashesSurvived)
	}
	return list
}

// Open opens a store of the engine whose operations are counted.
func (e *engine) Open(t storetest.T) storetest.Backend {
	b := e.open(t)
	e.mu.Lock()
	e.version = b.Engine
	e.mu.Unlock()
	b.Store = e.operations.Count(b.Store)
	return b
}

func (e *engine) add(f figure, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.figures == nil {
		e.figures = make(map[figure]int)
	}
	e.figures[f] += n
}

// done is what was done on an engine, as the report has it.
type done struct {
	Engine  string         `json:"engine"`
	Figures map[figure]int `json:"figures"`
}

func (e *engine) done() done {
	d := done{cmp.Or(e.version, e.name), make(map[figure]int)}
	for _, f := range e.required() {
		d.Figures[f] = e.figures[f]
	}
	for _, m := range storetest.Methods() {
		d.Figures[figure("operations: "+m)] = e.operations.Of(m)
	}
	return d
}

// tell prints what was done on each engine, and returns what was not done at all.
func tell(w io.Writer, report []done) (missing []string) {
	rows := make(map[figure]bool)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := ""
	for _, d := range report {
		head += "\t" + d.Engine
		for f, n := range d.Figures {
			rows[f] = true
			if n == 0 {
				missing = append(missing, fmt.Sprintf("%s: no %s", d.Engine, f))
			}
		}
	}
	fmt.Fprintln(tab, head)
	for _, f := range slices.Sorted(maps.Keys(rows)) {
		line := string(f)
		for _, d := range report {
			n, ok := d.Figures[f]
			if !ok {
				line += "\t–"
				continue
			}
			line += fmt.Sprintf("\t%d", n)
		}
		fmt.Fprintln(tab, line)
	}
	tab.Flush() // its errors are those of w, which is the console
	slices.Sort(missing)
	return missing
}

// finish is the end of a full run: the report on the console and as report.json in dir.
// It fails where a figure is zero. Of a part that the command line picks, nothing is
// demanded and no file made.
func finish(w io.Writer, dir string, engines []*engine, part string) error {
	var report []done
	for _, e := range engines {
		report = append(report, e.done())
	}
	fmt.Fprintln(w)
	missing := tell(w, report)
	if part != "" {
		fmt.Fprintf(w, "a part of the suite, picked by%s: it may leave out what a full run may not\n", part)
		return nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("a full run leaves nothing out, and this one did:\n  %s", strings.Join(missing, "\n  "))
	}
	return nil
}

// What was never done is told, and is not the same as what an engine cannot have.
func TestTally(t *testing.T) {
	idle := &engine{name: "idle"}
	busy := &engine{name: "busy", open: openModel, faulty: faultyMongo}
	b := busy.Open(t)
	_, err := b.Store.GetByID(t.Context(), storetest.NewMaker(1).TokenID())
	require.ErrorIs(t, err, authority.ErrNotFound)
	for _, f := range busy.required() {
		busy.add(f, 2)
	}
	var text strings.Builder
	missing := tell(&text, []done{idle.done(), busy.done()})
	require.Len(t, missing, len(idle.required())+len(storetest.Methods())+len(storetest.Methods())-1)
	require.Contains(t, missing, "idle: no mutants killed")
	require.Contains(t, missing, "memory: no operations: Save")
	require.NotContains(t, missing, "memory: no operations: GetByID")
	require.Regexp(t, `(?m)^faults injected +– +2$`, text.String())
	dir := t.TempDir()
	require.ErrorContains(t, finish(&text, dir, []*engine{idle}, ""), "idle: no mutants killed")
	require.FileExists(t, filepath.Join(dir, "report.json"))
	require.NoError(t, finish(&text, filepath.Join(dir, "part"), []*engine{idle}, " -run=Race"), "of a part, nothing is demanded")
	require.NoDirExists(t, filepath.Join(dir, "part"))
}
