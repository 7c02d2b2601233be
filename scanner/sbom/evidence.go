package sbom

import (
	"fmt"

	"github.com/stella-ops/stella/scanner/reach"
)

// occurs takes one of CycloneDX's evidence.occurrences: a place, and from 1.6 on a symbol.
func (m *component) occurs(location, symbol string) {
	if location != "" {
		m.locations = append(m.locations, location)
	}
	if symbol != "" {
		m.evidence().Symbols = append(m.evidence().Symbols, symbol)
	}
}

// called takes one of CycloneDX's evidence.callstack.frames.
func (m *component) called(f reach.Frame) error {
	e := m.evidence()
	if len(e.Callstack) == reach.MaxFrames {
		return fmt.Errorf("the call stack of component %q has more than %d frames; cut it", m.name, reach.MaxFrames)
	}
	e.Callstack = append(e.Callstack, f)
	return nil
}

func (m *component) evidence() *reach.ComponentEvidence {
	if m.calls == nil {
		m.calls = &reach.ComponentEvidence{}
	}
	return m.calls
}
