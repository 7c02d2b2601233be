package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// What a terminal shows after some calls: what was written since the last clearing.
func TestProgress(t *testing.T) {
	const long = 100
	for _, row := range []struct {
		name string
		do   func(p *progress)
		want string
	}{
		{"a stage", func(p *progress) { p.stage("a") }, "a …"},
		{"another stage", func(p *progress) { p.stage("abc"); p.stage("x") }, "abc …\r     \rx …"},
		{"the end", func(p *progress) { p.stage("abc"); p.end() }, "abc …\r     \r"},
		{"the end of nothing", func(p *progress) { p.end() }, ""},
		{"the end twice", func(p *progress) { p.stage("a"); p.end(); p.end() }, "a …\r   \r"},
		{"a stage after the end", func(p *progress) { p.end(); p.stage("a") }, ""},
		{"a line that stays", func(p *progress) { p.stage("a"); p.say("%s!", "b"); p.stage("c") }, "a …\r   \rstella-scan: b!\nc …"},
		{"a line after the end", func(p *progress) { p.end(); p.say("b") }, ""},
		{"a line that just fits", func(p *progress) { p.stage(strings.Repeat("x", 76)) }, strings.Repeat("x", 76) + " …"},
		{"a line that does not", func(p *progress) { p.stage("yz" + strings.Repeat("x", long)) }, "…" + strings.Repeat("x", 75) + " …"},
	} {
		var b bytes.Buffer
		row.do(&progress{w: &b, terminal: true})
		require.Equal(t, row.want, b.String(), row.name)
		for line := range strings.FieldsFuncSeq(b.String(), func(r rune) bool { return r == '\r' || r == '\n' }) {
			require.LessOrEqual(t, utf8.RuneCountInString(line), 78, row.name)
		}
		// Where there is no terminal, only what stays is written.
		var quiet bytes.Buffer
		row.do(newProgress(&quiet))
		want := ""
		if strings.Contains(row.want, "stella-scan: ") {
			want = "stella-scan: b!\n"
		}
		require.Equal(t, want, quiet.String(), row.name)
	}
}

func TestBuildStages(t *testing.T) {
	var b bytes.Buffer
	stages := buildStages(&progress{w: &b, terminal: true}, "osv.index")
	for done := range 2501 {
		stages(done, 2500)
	}
	var lines []string
	for _, line := range strings.Split(b.String(), "\r") {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	require.Equal(t, []string{"reading records: 0 of 2500 …", "reading records: 1000 of 2500 …", "reading records: 2000 of 2500 …", "writing osv.index …"}, lines)
}

// A small scan may make 16 MB of garbage, and a large one a third of what it holds.
func TestGarbage(t *testing.T) {
	for held, want := range map[uint64]int{
		0: 400, 1 << 20: 400, 4 << 20: 400, 8 << 20: 200, 16 << 20: 100, 32 << 20: 50, 64 << 20: 30, 1 << 40: 30,
	} {
		require.Equal(t, want, garbagePercentOf(held), held)
	}
}
