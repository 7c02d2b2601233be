// Package severity says how bad a vulnerability is, from what its advisory states.
//
// # Terms
//
// A vector is a CVSS vector string of version 2.0, 3.0, 3.1 or 4.0; its score is a
// number from 0.0 to 10.0; a level is the name that the vector's own version gives to
// that score. A label is a level that an advisory states without a vector.
//
// # Guarantees
//
// What is missing or cannot be read is [Unknown], never [Low] nor [None]. The choice
// among several ratings does not depend on their order.
//
// # What is not guaranteed
//
// Scores of versions 2 and 3 are base scores: temporal and environmental metrics of a
// vector are checked and left out of the score, because they hold for a day or a site.
// Version 4.0 knows one score only, of all the metrics that the vector gives.
//
// Sources: OSV schema 1.7, severity[] field; the CVSS v3.0 and v3.1 specifications,
// section 5 (qualitative severity rating scale); the CVSS v4.0 specification, section
// 6; for v2.0, which names no levels, NVD's (https://nvd.nist.gov/vuln-metrics/cvss).
package severity

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// Level is the name of a severity.
type Level string

// The levels, from the least to the worst. Unknown stands outside: it is not less
// than any other.
const (
	Unknown    Level = "unknown"
	None       Level = "none"
	Negligible Level = "negligible" // of a distribution's rating; CVSS has no such level
	Low        Level = "low"
	Medium     Level = "medium"
	High       Level = "high"
	Critical   Level = "critical"
)

// ErrUnrated is wrapped by the errors of [Rate] and [FromLabel].
var ErrUnrated = errors.New("no severity can be told")

// maxVector is above the longest valid vector, of version 4.0 with every metric
// (about 210 bytes); a longer string is refused before it is parsed.
const maxVector = 512

// Entry is one element of an OSV severity[] array.
type Entry struct {
	Type  string // "CVSS_V2", "CVSS_V3", "CVSS_V4", "Ubuntu", or one not known here
	Score string // a vector; the priority's name for Ubuntu
}

// Severity is how bad a vulnerability is, and who says so.
type Severity struct {
	Level Level `json:"level"`
	// Score is the score of Vector. Where there is none, for a level may be known by a
	// label alone, it is 0 here and null in JSON: a score of 0.0 says that there is no
	// impact.
	Score  float64 `json:"score"`
	Vector string  `json:"vector"`
	// Source names the statement that was taken, "" where Level is Unknown.
	Source string `json:"source"`
	// Priority is whether Level is a distribution's own priority for its build, whatever
	// Vector says of the vulnerability. OSV has both side by side, as different methods.
	Priority bool `json:"-"`
}

// OfVector is the severity by Vector alone, [Unknown] where there is none.
func (s Severity) OfVector() Severity {
	if s.Priority {
		s.Priority, s.Level = false, Unknown
		if s.Vector != "" {
			// It was rated before. A vector without a prefix is of version 2.0.
			r, _ := Rate(Entry{"CVSS_V2", s.Vector})
			s.Level = r.Level
		}
	}
	return s
}

// MarshalJSON writes the score of no vector as null.
func (s Severity) MarshalJSON() ([]byte, error) {
	type plain Severity
	if s.Vector != "" {
		return json.Marshal(plain(s))
	}
	return json.Marshal(struct {
		plain
		Score *float64 `json:"score"`
	}{plain: plain(s)})
}

// Rate rates one entry. The vector's own prefix tells its CVSS version, whatever the
// entry's type claims; a vector without prefix is of version 2.0 and its type must say
// so. An entry of unknown type, a number in place of a vector or an invalid vector
// gives [Unknown] and an error that wraps [ErrUnrated]. Source is left to the caller.
func Rate(e Entry) (Severity, error) {
	unknown := Severity{Level: Unknown}
	if len(e.Score) > maxVector {
		return unknown, fmt.Errorf("rating a %s entry of %d bytes: longer than any vector: %w", e.Type, len(e.Score), ErrUnrated)
	}
	if e.Type == "Ubuntu" {
		return FromLabel(e.Score)
	}
	score, level, err := rateVector(e)
	if err != nil {
		return unknown, fmt.Errorf("rating %s %q: %w: %w", e.Type, e.Score, err, ErrUnrated)
	}
	return Severity{Level: level, Score: score, Vector: e.Score}, nil
}

// rateVector parses and scores a vector.
func rateVector(e Entry) (float64, Level, error) {
	switch {
	case strings.HasPrefix(e.Score, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(e.Score)
		if err != nil {
			return 0, Unknown, err
		}
		return v.Score(), level(v.Score()), nil
	case strings.HasPrefix(e.Score, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(e.Score)
		if err != nil {
			return 0, Unknown, err
		}
		return v.BaseScore(), level(v.BaseScore()), nil
	case strings.HasPrefix(e.Score, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(e.Score)
		if err != nil {
			return 0, Unknown, err
		}
		return v.BaseScore(), level(v.BaseScore()), nil
	case e.Type == "CVSS_V2":
		v, err := gocvss20.ParseVector(e.Score)
		if err != nil {
			return 0, Unknown, err
		}
		// The formula's "- 1.5" makes some scores of no impact -0: 0 is meant.
		score := max(0, v.BaseScore())
		return score, level2(score), nil
	}
	return 0, Unknown, errors.New("neither a CVSS vector of version 2.0 to 4.0 nor an Ubuntu priority")
}

// level names a score as CVSS v3.0, v3.1 and v4.0 do; their scales are the same.
func level(score float64) Level {
	switch {
	case score >= 9.0:
		return Critical
	case score >= 7.0:
		return High
	case score >= 4.0:
		return Medium
	case score >= 0.1:
		return Low
	}
	return None
}

// level2 names a CVSS v2.0 score as NVD does: it knows neither "none" nor "critical".
func level2(score float64) Level {
	switch {
	case score >= 7.0:
		return High
	case score >= 4.0:
		return Medium
	}
	return Low
}

// labels are the words for levels that databases use, in lower case: GitHub
// ("moderate"), Red Hat ("important"), Ubuntu's priorities.
var labels = map[string]Level{
	"none":       None,
	"negligible": Negligible,
	"low":        Low,
	"medium":     Medium,
	"moderate":   Medium,
	"high":       High,
	"important":  High,
	"critical":   Critical,
}

// FromLabel reads a level that is stated in a word, in any case of letters: "LOW",
// "Moderate", "important". A word that is not known ("untriaged") gives [Unknown] and
// an error that wraps [ErrUnrated]. There is no score.
func FromLabel(word string) (Severity, error) {
	if l, ok := labels[strings.ToLower(word)]; ok {
		return Severity{Level: l}, nil
	}
	return Severity{Level: Unknown}, fmt.Errorf("rating label %q: not a known level: %w", word, ErrUnrated)
}

// Best rates the entries of one severity[] array and takes one as [Pick] does. Where a
// distribution has a priority of its own, which is about the build at hand, that is the
// level, the worst of several, and the vector stands beside it. Entries that cannot be rated
// come back in the error, joined, beside the best of the others.
func Best(entries []Entry) (Severity, error) {
	var rated, own []Severity
	var errs []error
	for _, e := range entries {
		s, err := Rate(e)
		switch {
		case err != nil:
			errs = append(errs, err)
		case e.Type == "Ubuntu":
			own = append(own, s)
		default:
			rated = append(rated, s)
		}
	}
	best := Pick(rated)
	if len(own) > 0 {
		best.Level, best.Priority = Pick(own).Level, true
	}
	return best, errors.Join(errs...)
}

// Pick takes one of several ratings of the same vulnerability: a distribution's priority, the
// worst of several; the highest version of CVSS, then the highest score; a label only where there is no vector, the worst one;
// [Unknown] only where there is nothing else. Equal ones are told apart by their text,
// so that the order of the list does not count.
func Pick(list []Severity) Severity {
	if len(list) == 0 {
		return Severity{Level: Unknown}
	}
	return slices.MaxFunc(list, func(a, b Severity) int {
		return cmp.Or(
			cmp.Compare(priority(a), priority(b)),
			cmp.Compare(authority(a), authority(b)),
			cmp.Compare(a.Score, b.Score),
			cmp.Compare(a.Level.Rank(), b.Level.Rank()),
			// The other way round: among equals the first in the alphabet is taken.
			strings.Compare(b.Source, a.Source),
			strings.Compare(b.Vector, a.Vector),
		)
	})
}

// priority is the rank of a priority, 0 where the level is none.
func priority(s Severity) int {
	if s.Priority {
		return s.Level.Rank()
	}
	return 0
}

// authority orders ways to rate: vectors by version, then labels, then nothing.
func authority(s Severity) int {
	switch {
	case strings.HasPrefix(s.Vector, "CVSS:4.0/"):
		return 5
	case strings.HasPrefix(s.Vector, "CVSS:3.1/"):
		return 4
	case strings.HasPrefix(s.Vector, "CVSS:3.0/"):
		return 3
	case s.Vector != "":
		return 2
	case s.Level != Unknown:
		return 1
	}
	return 0
}

// Rank is the level's place from 1 ([None]) to 6 ([Critical]), for a threshold; 0 for
// [Unknown] and for words that are no level. Whether an unknown severity passes a
// threshold is for the caller to decide: 0 does not say that it is harmless.
func (l Level) Rank() int {
	return 1 + slices.Index([]Level{None, Negligible, Low, Medium, High, Critical}, l)
}
