package reports

import (
	"fmt"
	"math"
	"strings"
)

// cvssWeights are the base metric values of CVSS 3.1, section 7.4. PR depends
// on the scope: its values for a changed one are under "PR/C".
var cvssWeights = map[string]map[string]float64{
	"AV":   {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
	"AC":   {"L": 0.77, "H": 0.44},
	"PR":   {"N": 0.85, "L": 0.62, "H": 0.27},
	"PR/C": {"N": 0.85, "L": 0.68, "H": 0.5},
	"UI":   {"N": 0.85, "R": 0.62},
	"C":    {"H": 0.56, "L": 0.22, "N": 0},
	"I":    {"H": 0.56, "L": 0.22, "N": 0},
	"A":    {"H": 0.56, "L": 0.22, "N": 0},
}

// baseScore is the base score of a CVSS 3.0 or 3.1 vector (3.1, section 7.1).
func baseScore(vector string) (float64, error) {
	version, metrics, _ := strings.Cut(vector, "/")
	if version != "CVSS:3.0" && version != "CVSS:3.1" {
		return 0, fmt.Errorf("CVSS vector %q: want version 3.0 or 3.1", vector)
	}
	values := map[string]string{}
	for m := range strings.SplitSeq(metrics, "/") {
		name, value, _ := strings.Cut(m, ":")
		values[name] = value
	}
	changed := values["S"] == "C"
	if !changed && values["S"] != "U" {
		return 0, fmt.Errorf("CVSS vector %q: metric S: no value %q", vector, values["S"])
	}
	w := map[string]float64{}
	for _, name := range []string{"AV", "AC", "PR", "UI", "C", "I", "A"} {
		table := name
		if name == "PR" && changed {
			table = "PR/C"
		}
		weight, ok := cvssWeights[table][values[name]]
		if !ok {
			return 0, fmt.Errorf("CVSS vector %q: metric %s: no value %q", vector, name, values[name])
		}
		w[name] = weight
	}
	iss := 1 - (1-w["C"])*(1-w["I"])*(1-w["A"])
	impact := 6.42 * iss
	scope := 1.0
	if changed {
		impact = 7.52*(iss-0.029) - 3.25*math.Pow(iss-0.02, 15)
		scope = 1.08
	}
	if impact <= 0 {
		return 0, nil
	}
	exploitability := 8.22 * w["AV"] * w["AC"] * w["PR"] * w["UI"]
	return roundUp(min(scope*(impact+exploitability), 10)), nil
}

// roundUp is the specification's Roundup (3.1, appendix A): on integers, since
// floating point makes 4.02 out of 4.0 on some machines and not on others.
func roundUp(x float64) float64 {
	n := int(math.Round(x * 100000))
	if n%10000 == 0 {
		return float64(n) / 100000
	}
	return float64(n/10000+1) / 10
}

func cvssLevel(score float64) string {
	switch {
	case score >= 9:
		return "critical"
	case score >= 7:
		return "high"
	case score >= 4:
		return "medium"
	case score > 0:
		return "low"
	}
	return "none"
}
