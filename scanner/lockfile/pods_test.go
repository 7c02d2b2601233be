package lockfile

import "testing"

var podsRows = []row{
	{
		name: "pods", file: "Podfile.lock",
		text: "PODS:\n  - ObjectiveSugar (0.1)\n  - Firebase/Core (8.0.0-beta):\n    - PromisesObjC (~> 1.2)\n  - Bare\nDEPENDENCIES:\n  - ObjectiveSugar\n",
		want: []string{
			`- pkg:cocoapods/Bare: no OSV ecosystem for purl type "cocoapods"`,
			`- pkg:cocoapods/Firebase%2FCore@8.0.0-beta: no OSV ecosystem for purl type "cocoapods"`,
			`- pkg:cocoapods/ObjectiveSugar@0.1: no OSV ecosystem for purl type "cocoapods"`,
		},
	},
	{name: "something else", file: "Podfile.lock", text: "a: 1\n", err: "is it CocoaPods' lockfile?"},
}

func TestPods(t *testing.T) { run(t, podsRows) }

func FuzzPods(f *testing.F) { fuzz(f, podsRows) }
