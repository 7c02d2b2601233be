package severity

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	v4Critical = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
	v31High    = "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
	v31Medium  = "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:L/I:L/A:N"
	v2High     = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
)

// The scores are those of the specifications' examples, of NVD for the named CVEs, and
// of FIRST's reference calculators.
func TestRate(t *testing.T) {
	rows := []struct {
		name  string
		entry Entry
		score float64
		level Level
	}{
		{"v2 specification 3.3.1, CVE-2002-0392", Entry{"CVSS_V2", "AV:N/AC:L/Au:N/C:N/I:N/A:C"}, 7.8, High},
		{"v2 specification 3.3.2, CVE-2003-0818", Entry{"CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C"}, 10, High},
		{"v2 specification 3.3.3, CVE-2003-0062", Entry{"CVSS_V2", "AV:L/AC:H/Au:N/C:C/I:C/A:C"}, 6.2, Medium},
		{"v2 of 7.5", Entry{"CVSS_V2", v2High}, 7.5, High},
		{"v2 without impact: NVD calls 0.0 low", Entry{"CVSS_V2", "AV:N/AC:L/Au:N/C:N/I:N/A:N"}, 0, Low},
		{"v2 temporal metrics do not count", Entry{"CVSS_V2", "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C"}, 7.8, High},
		{"v3.0 Heartbleed, CVE-2014-0160", Entry{"CVSS_V3", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}, 7.5, High},
		{"v3.1 Log4Shell, CVE-2021-44228", Entry{"CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}, 10, Critical},
		{"v3.1 of 9.8", Entry{"CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, 9.8, Critical},
		{"v3.1 of 7.8", Entry{"CVSS_V3", v31High}, 7.8, High},
		{"v3.1 of 6.1", Entry{"CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"}, 6.1, Medium},
		{"v3.1 of 5.4", Entry{"CVSS_V3", v31Medium}, 5.4, Medium},
		{"v3.1 of 3.7", Entry{"CVSS_V3", "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N"}, 3.7, Low},
		{"v3.1 without impact", Entry{"CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"}, 0, None},
		{"v3.1 temporal metrics do not count", Entry{"CVSS_V3", v31High + "/E:P/RL:O/RC:C"}, 7.8, High},
		{"v4 of 9.3 (F-131, F-133)", Entry{"CVSS_V4", v4Critical}, 9.3, Critical},
		{"v4 threat metric counts", Entry{"CVSS_V4", v4Critical + "/E:P"}, 8.9, High},
		{"v4 of 10", Entry{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"}, 10, Critical},
		{"v4 without impact", Entry{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N"}, 0, None},
		{"v4 example, CVE-2022-41741", Entry{"CVSS_V4", "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}, 7.3, High},
		{"v4 example, CVE-2020-3549", Entry{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}, 7.7, High},
		{"v4 example, CVE-2020-3549 with a threat metric", Entry{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U"}, 5.2, Medium},
		{"v4 example, CVE-2023-3089", Entry{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N"}, 8.3, High},
		{"v4 example, CVE-2021-44714", Entry{"CVSS_V4", "CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"}, 4.6, Medium},
		{"v4 example, CVE-2022-21830", Entry{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N"}, 5.1, Medium},
		{"v4 example, CVE-2022-22186", Entry{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N"}, 6.9, Medium},
		{"v4 example, CVE-2023-21989", Entry{"CVSS_V4", "CVSS:4.0/AV:L/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:N/SA:N"}, 5.9, Medium},
		{"v4 example, Heartbleed", Entry{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N"}, 8.7, High},
		{"v4 no impact once the environment's metrics are applied (F-131)", Entry{"CVSS_V4", "CVSS:4.0/AV:A/AC:L/AT:P/PR:L/UI:N/VC:N/VI:H/VA:L/SC:N/SI:N/SA:L/E:P/CR:X/IR:L/AR:M/MAV:X/MAC:X/MAT:N/MPR:L/MUI:X/MVC:X/MVI:N/MVA:N/MSC:X/MSI:N/MSA:N/S:P/AU:X/R:A/V:X/RE:M/U:Clear"}, 0, None},
		{"the prefix tells the version, not the type", Entry{"CVSS_V3", v4Critical}, 9.3, Critical},
		{"a new type with a known vector", Entry{"CVSS_V5", v31High}, 7.8, High},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got, err := Rate(r.entry)
			require.NoError(t, err)
			require.Equal(t, Severity{Level: r.level, Score: r.score, Vector: r.entry.Score}, got)
		})
	}
}

func TestRateUnknown(t *testing.T) {
	for name, e := range map[string]Entry{
		"empty":              {},
		"a number":           {"CVSS_V3", "9.8"},
		"missing metrics":    {"CVSS_V3", "CVSS:3.1/AV:N/AC:L"},
		"unknown value":      {"CVSS_V3", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		"unknown version":    {"CVSS_V3", "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		"v2 without its tag": {"CVSS_V3", v2High},
		"v2 cut":             {"CVSS_V2", "AV:N/AC:L/Au:N"},
		"v4 cut":             {"CVSS_V4", "CVSS:4.0/AV:N/AC:L"},
		"unknown type":       {"Acme", "severe"},
		"untriaged":          {"Ubuntu", "untriaged"},
		"too long":           {"CVSS_V2", strings.Repeat("AV:N/", 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Rate(e)
			require.ErrorIs(t, err, ErrUnrated)
			require.Equal(t, Severity{Level: Unknown}, got, "never low, never a score")
		})
	}
}

func TestFromLabel(t *testing.T) {
	for word, want := range map[string]Level{
		"LOW": Low, "MODERATE": Medium, "Important": High, "critical": Critical, "negligible": Negligible, "none": None,
	} {
		got, err := FromLabel(word)
		require.NoError(t, err)
		require.Equal(t, Severity{Level: want}, got)
	}
}

func TestBest(t *testing.T) {
	rows := []struct {
		name    string
		entries []Entry
		want    Severity
		failed  bool
	}{
		{name: "nothing", want: Severity{Level: Unknown}},
		{"only what cannot be read", []Entry{{"CVSS_V3", "high"}}, Severity{Level: Unknown}, true},
		{"the highest version, though its score is lower", []Entry{
			{"CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C"},
			{"CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N"},
			{"CVSS_V3", v31High},
		}, Severity{Level: None, Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N"}, false},
		{"two of one version: the higher score", []Entry{{"CVSS_V3", v31Medium}, {"CVSS_V3", v31High}}, Severity{Level: High, Score: 7.8, Vector: v31High}, false},
		{"the best of what can be read", []Entry{{"CVSS_V4", "CVSS:4.0/garbage"}, {"CVSS_V3", v31High}}, Severity{Level: High, Score: 7.8, Vector: v31High}, true},
		{"the distribution's rating of its own build (F-136)", []Entry{
			{"CVSS_V3", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, {"Ubuntu", "negligible"},
		}, Severity{Level: Negligible, Score: 9.8, Vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Priority: true}, false},
		{"a priority alone", []Entry{{"Ubuntu", "low"}}, Severity{Level: Low, Priority: true}, false},
		{"two priorities: the worse, in any order", []Entry{{"Ubuntu", "low"}, {"Ubuntu", "high"}, {"Ubuntu", "medium"}}, Severity{Level: High, Priority: true}, false},
		{"an untriaged priority does not hide the vector", []Entry{{"Ubuntu", "untriaged"}, {"CVSS_V3", v31High}}, Severity{Level: High, Score: 7.8, Vector: v31High}, true},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got, err := Best(r.entries)
			require.Equal(t, r.want, got)
			require.Equal(t, r.failed, err != nil, "error: %v", err)
		})
	}
}

func TestPickIgnoresOrder(t *testing.T) {
	list := []Severity{
		{Level: Unknown},
		{Level: Critical, Source: "label"},
		{Level: High, Score: 7.5, Vector: v2High, Source: "a"},
		{Level: High, Score: 7.8, Vector: v31High, Source: "b"},
		{Level: High, Score: 7.8, Vector: v31High, Source: "a"},
		{Level: Medium, Score: 5.4, Vector: v31Medium, Source: "c"},
	}
	for seed := range uint64(50) {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		require.Equal(t, Severity{Level: High, Score: 7.8, Vector: v31High, Source: "a"}, Pick(list))
	}
	require.Equal(t, Severity{Level: Critical}, Pick([]Severity{{Level: Low}, {Level: Critical}, {Level: Unknown}}), "the worst label")
	mild, harsh := Severity{Level: Negligible, Score: 9.8, Vector: v31High, Priority: true}, Severity{Level: Medium, Priority: true}
	require.Equal(t, mild, Pick(append(list, mild)), "a distribution's priority before the vectors of others")
	require.Equal(t, harsh, Pick([]Severity{mild, harsh}), "the worse of two priorities")
}

func TestOfVector(t *testing.T) {
	require.Equal(t, Severity{Level: High, Score: 7.8, Vector: v31High, Source: "a"}, Severity{Level: Low, Score: 7.8, Vector: v31High, Source: "a", Priority: true}.OfVector())
	require.Equal(t, Severity{Level: High, Score: 7.5, Vector: v2High}, Severity{Level: Low, Score: 7.5, Vector: v2High, Priority: true}.OfVector())
	require.Equal(t, Severity{Level: Unknown}, Severity{Level: Low, Priority: true}.OfVector())
	require.Equal(t, Severity{Level: Low}, Severity{Level: Low}.OfVector(), "a label is no priority")
}

func TestRank(t *testing.T) {
	require.Less(t, Low.Rank(), Medium.Rank())
	require.Less(t, None.Rank(), Negligible.Rank())
	require.Equal(t, 6, Critical.Rank())
	require.Zero(t, Unknown.Rank())
	require.Zero(t, Level("severe").Rank())
}

func FuzzRate(f *testing.F) {
	for _, s := range []string{v4Critical, v31High, v31Medium, v2High, "", "CVSS:4.0", "CVSS:3.1//", "medium", v2High + "/E:U/RL:OF/RC:UC/CDP:N/TD:N/CR:L/IR:L/AR:L"} {
		f.Add("CVSS_V2", s)
		f.Add("Ubuntu", s)
	}
	f.Fuzz(func(t *testing.T, kind, vector string) {
		s, err := Rate(Entry{kind, vector})
		if err != nil {
			require.Equal(t, Severity{Level: Unknown}, s)
			return
		}
		require.NotEqual(t, Unknown, s.Level)
		require.True(t, s.Score >= 0 && s.Score <= 10, "%q scores %v", vector, s.Score)
		again, err := Rate(Entry{kind, s.Vector})
		if s.Vector != "" {
			require.NoError(t, err)
			require.Equal(t, s, again)
		}
	})
}

// A score that there is none of is not a score of 0.0.
func TestScoreInJSON(t *testing.T) {
	for want, s := range map[string]Severity{
		`{"level":"none","vector":"CVSS:3.1/x","source":"","score":0}`:    {Level: None, Vector: "CVSS:3.1/x"},
		`{"level":"unknown","vector":"","source":"","score":null}`:        {Level: Unknown},
		`{"level":"high","vector":"CVSS:3.1/x","source":"s","score":7.5}`: {Level: High, Vector: "CVSS:3.1/x", Source: "s", Score: 7.5},
	} {
		got, err := json.Marshal(s)
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
	}
}
