package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/stretchr/testify/require"
)

// salts keeps the casts of all plays of this process apart.
var salts atomic.Uint64

func salt() uint64 { return salts.Add(1) }

// Lockstep plays scripts on all stores at once, the first being the model, and fails at
// the first operation that they do not answer alike, with the script cut down to what it
// takes. It returns how many operations were compared.
func Lockstep(t T, seed uint64, scripts, length int, stores ...Named) (compared int) {
	t.Helper()
	require.GreaterOrEqual(t, len(stores), 2, "there is nothing to compare")
	for i := range scripts {
		s := NewScript(seed+uint64(i), length)
		if d := s.Play(t.Context(), salt(), stores...); d != nil {
			s, d = s.minimal(t.Context(), d, stores...)
			report := newReport(s, d)
			require.Fail(t, "the stores differ", "%v\n%s\nsee %s", d, report, report.write(t))
		}
		compared += len(s.Ops) * (len(stores) - 1)
	}
	return compared
}

// minimal is the smallest script that still makes the stores differ, and how.
func (s Script) minimal(ctx context.Context, d *Divergence, stores ...Named) (Script, *Divergence) {
	s = s.Shrink(func(less Script) bool {
		if found := less.Play(ctx, salt(), stores...); found != nil {
			d = found
			return true
		}
		return false
	})
	return s, d
}

// report is divergence.json.
type report struct {
	Seed       uint64   `json:"seed"`
	Operations []string `json:"operations"`
	Store      string   `json:"store"`
	Want       string   `json:"want"`
	Got        string   `json:"got"`
	Offset     int      `json:"first_differing_byte"`
	Replay     string   `json:"replay"`
}

func newReport(s Script, d *Divergence) report {
	r := report{Seed: s.Seed, Store: d.Store, Want: d.Want, Got: d.Got, Offset: d.Offset, Replay: Replay(s.Seed)}
	for _, op := range s.Ops {
		r.Operations = append(r.Operations, op.String())
	}
	return r
}

func (r report) String() string {
	text := fmt.Sprintf("%d operations do it, of seed %d:\n", len(r.Operations), r.Seed)
	for i, op := range r.Operations {
		text += fmt.Sprintf("  %d  %s\n", i, op)
	}
	return text + "again: " + r.Replay
}

// SeedVariable names the environment variable that sets the seed of a run.
const SeedVariable = "STELLA_PARITY_SEED"

// Replay is the command that runs a seed again.
func Replay(seed uint64) string {
	return fmt.Sprintf("%s=%d go test -count=1 -run 'Lockstep|Parity' ./authority/storetest", SeedVariable, seed)
}

// write leaves the report beside others, and says where.
func (r report) write(t T) string {
	name := filepath.Join("..", "..", "out", "parity", "divergence.json")
	text, err := json.MarshalIndent(r, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, append(text, '\n'), 0o644))
	return name
}
