// Package composition says which components every route from a target to a package goes
// through.
//
// # Terms
//
// A component of an SBOM is nested in another, or another depends on it. A route leads
// from the target over such steps to a component. What all routes to a component go
// through contains it: without the container it would not be there. A statement on
// "library X in product B" is about X only where B contains it in this sense; where A
// needs X as well, X is there whatever holds for B.
//
// # What counts as a step
//
// Nesting always does: it says what is assembled from what. A component that nothing
// nests or needs is a part of the target itself, and so is each of a circle that
// nothing else leads to. Dependencies are believed where they are complete: CycloneDX
// ("dependencies") has a component that is not represented there need anything. If there
// is one, every component that is not nested may be needed by it, and only the target
// contains them.
//
// # Guarantee
//
// The answer does not depend on the order in which components and steps are added. It is
// worked out when it is first asked for, in time nearly linear in the steps, and is then
// shared by goroutines.
//
// Sources: CycloneDX 1.6, "components", "dependencies" and "BOM-Link"; Cooper, Harvey and
// Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
package composition
