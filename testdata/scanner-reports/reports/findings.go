package reports

// The types below are a stella.findings/v1 document. Their fields stand in the
// key order of RFC 8785, so encoding/json writes them in canonical order.

type document struct {
	Advisories   advisorySet `json:"advisories"`
	Findings     []finding   `json:"findings"`
	NotEvaluated []unjudged  `json:"not_evaluated"`
	Schema       string      `json:"schema"`
	Target       target      `json:"target"`
}

type target struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

type advisorySet struct {
	Records  int        `json:"records"`
	Rejected []rejected `json:"rejected"`
	SHA256   string     `json:"sha256"`
}

type rejected struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

type finding struct {
	Aliases       []string     `json:"aliases"`
	FixedVersions []string     `json:"fixed_versions"`
	ID            string       `json:"id"`
	Package       pkg          `json:"package"`
	Reachability  reachability `json:"reachability"`
	Severity      severity     `json:"severity"`
	Suppressed    *suppression `json:"suppressed"`
}

type pkg struct {
	Ecosystem string   `json:"ecosystem"`
	Layer     *layer   `json:"layer"`
	Locations []string `json:"locations"`
	Name      string   `json:"name"`
	PURL      string   `json:"purl"`
	Version   string   `json:"version"`
}

type layer struct {
	DiffID string `json:"diff_id"`
	Index  int    `json:"index"`
}

type reachability struct {
	Path    []string `json:"path"`
	Verdict string   `json:"verdict"`
	Why     string   `json:"why"`
}

// severity of an advisory without a vector is "unknown" with a null score: a
// zero would read as CVSS's "none".
type severity struct {
	Level  string   `json:"level"`
	Score  *float64 `json:"score"`
	Source string   `json:"source"`
	Vector string   `json:"vector"`
}

type suppression struct {
	Justification string `json:"justification"`
	Source        string `json:"source"`
	Status        string `json:"status"`
}

// unjudged names a package by its purl, or by its name where it has none.
type unjudged struct {
	Name   string `json:"name,omitempty"`
	PURL   string `json:"purl,omitempty"`
	Reason string `json:"reason"`
}
