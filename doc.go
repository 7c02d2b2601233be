// Package stella is the root of a repository that proves supply-chain security
// software keeps its promises. It holds no product code: its tests are the
// repository's own rules (which package may import which, that every package
// says what it is, that every fixture says where it came from).
//
// Start with README.md; CONTRIBUTING.md says how to add to it.
package stella
