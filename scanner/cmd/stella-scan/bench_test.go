package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/advisory"
	"github.com/stella-ops/stella/scanner/scannertest"
)

const (
	benchRecords = 200_000 // of the index
	zipRecords   = 45_000  // of the set that is scanned without one
)

// benchFiles are what the benchmarks scan, made once for each run of them.
type benchFiles struct {
	dir, program, index, zip string
}

func makeBenchFiles(b *testing.B) benchFiles {
	b.Helper()
	dir := b.TempDir()
	f := benchFiles{dir, filepath.Join(dir, "stella-scan"), filepath.Join(dir, "osv.index"), filepath.Join(dir, "all.zip")}
	build := exec.Command("go", "build", "-o", f.program, ".")
	build.Stderr = os.Stderr
	require.NoError(b, build.Run())
	f.records(b, f.zip, zipRecords)
	large := filepath.Join(dir, "large.zip")
	f.records(b, large, benchRecords)
	require.NoError(b, advisory.Builder{}.Build(b.Context(), f.index, large))
	return f
}

func (f benchFiles) records(b *testing.B, name string, n int) {
	b.Helper()
	file, err := os.Create(name)
	require.NoError(b, err)
	require.NoError(b, scannertest.WriteZip(file, n))
	require.NoError(b, file.Close())
}

func (f benchFiles) sbom(b *testing.B, n int) string {
	b.Helper()
	name := filepath.Join(f.dir, fmt.Sprintf("%d.cdx.json", n))
	file, err := os.Create(name)
	require.NoError(b, err)
	require.NoError(b, scannertest.WriteSBOM(file, n, benchRecords, nil))
	require.NoError(b, file.Close())
	return name
}

// BenchmarkScan runs the program, from its start to its end, and beside it what parsing
// alone costs. The sizes are components; ns/component is what each costs beyond a scan
// of one, which is all start-up, and shows whether the cost is linear; peak-MB is the
// most memory that the process had resident.
//
//	db=index  a compiled index of 200,000 records
//	db=zip    45,000 records as they are published
//	db=real   an index of the records where STELLA_OSV_DIR points
//	format=…  another output than json, which these have to be near to
//	db=none   no scan: encoding/json decodes the same SBOM, the floor to compare with
func BenchmarkScan(b *testing.B) {
	f := makeBenchFiles(b)
	dbs := map[string]string{"index": f.index, "zip": f.zip}
	if dir := os.Getenv("STELLA_OSV_DIR"); dir != "" {
		dbs["real"] = filepath.Join(f.dir, "real.index")
		require.NoError(b, advisory.Builder{}.Build(b.Context(), dbs["real"], dir))
	} else {
		b.Log("STELLA_OSV_DIR is not set: no db=real, a set of OSV's own records")
	}
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		app := f.sbom(b, n)
		for _, db := range []string{"index", "zip", "real"} {
			// Without an index, reading the records is all that counts: one size will do.
			if path, ok := dbs[db]; ok && (db != "zip" || n == 1_000) {
				b.Run(fmt.Sprintf("components=%d/db=%s", n, db), func(b *testing.B) { f.scan(b, path, "json", app, n) })
			}
		}
		for _, format := range []string{"sarif", "cyclonedx"} {
			b.Run(fmt.Sprintf("components=%d/db=index/format=%s", n, format), func(b *testing.B) { f.scan(b, f.index, format, app, n) })
		}
		b.Run(fmt.Sprintf("components=%d/db=none", n), func(b *testing.B) { benchDecode(b, app, n) })
	}
}

func (f benchFiles) scan(b *testing.B, db, format, app string, components int) {
	args := []string{f.program, "-db", db, "-format", format}
	start, _, _ := median(b, append(args, f.sbom(b, 1)))
	wall, cpu, peak := median(b, append(args, app))
	b.ReportMetric(float64(wall), "ns/op") // without the launcher
	b.ReportMetric(float64(cpu), "cpu-ns/op")
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
	b.ReportMetric(float64(wall-start)/float64(components), "ns/component")
}

// median runs a program b.N times: its median times, for a slow run is the machine's, and
// the most memory of all.
func median(b *testing.B, args []string) (wall, cpu time.Duration, peak int64) {
	walls, cpus := make([]time.Duration, b.N), make([]time.Duration, b.N)
	for i := range b.N {
		m := launch(b, args...)
		walls[i], cpus[i], peak = m.Wall, m.CPU, max(peak, m.Peak)
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	return walls[b.N/2], cpus[b.N/2], peak
}

// measured is what a process cost.
type measured struct {
	Wall, CPU time.Duration
	Peak      int64 // bytes resident at most
}

const launcherVariable = "STELLA_SCAN_LAUNCHER"

// launch runs a program by way of another process of this test's binary: until it has
// become another program, a child on Linux is charged for the memory of its parent, and
// this one has held a lot.
func launch(b *testing.B, args ...string) (m measured) {
	b.Helper()
	launcher := exec.Command(os.Args[0], args...)
	launcher.Env = append(os.Environ(), launcherVariable+"=1")
	launcher.Stderr = os.Stderr
	out, err := launcher.Output()
	require.NoError(b, err)
	require.NoError(b, json.Unmarshal(out, &m))
	return m
}

func TestMain(m *testing.M) {
	if os.Getenv(launcherVariable) == "" {
		os.Exit(m.Run())
	}
	child := exec.Command(os.Args[1], os.Args[2:]...)
	child.Stderr = os.Stderr
	start := time.Now()
	if err := child.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p := child.ProcessState
	_ = json.NewEncoder(os.Stdout).Encode(measured{time.Since(start), p.UserTime() + p.SystemTime(), peakOf(p)})
}

// benchDecode reads the fields that a scan needs, with the standard library.
func benchDecode(b *testing.B, app string, components int) {
	type component struct {
		Ref        string `json:"bom-ref"`
		Type       string `json:"type"`
		Group      string `json:"group"`
		Name       string `json:"name"`
		Version    string `json:"version"`
		PURL       string `json:"purl"`
		Properties []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"properties"`
	}
	b.ReportAllocs()
	for b.Loop() {
		file, err := os.Open(app)
		require.NoError(b, err)
		var sbom struct {
			Components []component `json:"components"`
		}
		require.NoError(b, json.NewDecoder(file).Decode(&sbom))
		require.Len(b, sbom.Components, components)
		require.NoError(b, file.Close())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*components), "ns/component")
}

// BenchmarkRun is a scan without the process around it: what it allocates.
func BenchmarkRun(b *testing.B) {
	f := makeBenchFiles(b)
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		app := f.sbom(b, n)
		b.Run(fmt.Sprintf("components=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, run(context.Background(), []string{"-db", f.index, "-format", "json", app}, nil, io.Discard, io.Discard))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/component")
		})
	}
}
