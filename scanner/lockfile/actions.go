package lockfile

import (
	"errors"
	"strings"
)

// readActions reads a workflow of GitHub Actions: what its jobs and their steps use. A
// tag is the version, as far as it is one; a branch, a commit or "v4", which moves, is
// found to be none when it is to be compared.
//
// Source: docs.github.com/actions/reference/workflows-and-actions/workflow-syntax.
func readActions(c *collector, data []byte) error {
	workflow, err := document(data)
	if err != nil {
		return err
	}
	if workflow.get("jobs") == nil {
		return errors.New("it has no jobs; is it a workflow?")
	}
	for name, job := range workflow.get("jobs").pairs() {
		c.action(name, job.get("uses").text())
		for step := range job.get("steps").items() {
			c.action(name, step.get("uses").text())
		}
	}
	return nil
}

// action adds what "owner/repository/path@ref" names, for the job called job.
func (c *collector) action(job, uses string) {
	name, ref, _ := strings.Cut(uses, "@")
	parts := strings.SplitN(name, "/", 3)
	switch {
	case uses == "":
	case strings.HasPrefix(uses, "./"):
		c.skip(uses, "it is the project's directory, not an action of another repository")
	case strings.HasPrefix(uses, "docker://"):
		c.skip(uses, "it is an image; scan it by itself")
	case len(parts) < 2:
		c.skip(uses, "it is no action, owner/repository@ref")
	default:
		c.add(dependency{typ: "githubactions", namespace: parts[0], name: parts[1], version: ref, at: job})
	}
}
