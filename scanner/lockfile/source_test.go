package lockfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What means no package of a registry, by how it begins.
func TestForeign(t *testing.T) {
	own, git, repository := " of the project's own files, not a registry's package", "it comes from git, ", "it comes from a repository, "
	for spec, want := range map[string]string{
		"": "", "1.0.0": "", "^1.0.0": "", "latest": "", "npm:a@1": "", "catalog:": "", "@a": "", "user@host": "",
		"file:a": "it is file:a" + own, "link:a": "it is link:a" + own, "portal:a": "it is portal:a" + own, "workspace:*": "it is workspace:*" + own,
		"FILE:a": "it is FILE:a" + own, "files:a": "", "exec:./a.js": "it is made by a script, exec:./a.js, not a registry's package",
		"git:a": git + "git:a", "git+ssh://u@h/a": git + "git+ssh://h/a", "git+https://u:p@h/a": git + "git+https://h/a", "git+http://h/a": git + "git+http://h/a",
		"git+file:///a": git + "git+file:///a", "ssh://git@h/a": git + "ssh://h/a", "github:a/b": git + "github:a/b", "gitlab:a/b": git + "gitlab:a/b",
		"bitbucket:a/b": git + "bitbucket:a/b", "gist:0123": git + "gist:0123", "git@h:a/b": git + "git@h:a/b", "git@h:": "", "svn:a": "",
		"https://github.com/a/b": repository + "https://github.com/a/b", "https://www.github.com/a/b": repository + "https://www.github.com/a/b",
		"http://gitlab.com/a/b": repository + "http://gitlab.com/a/b", "https://bitbucket.org/a/b": repository + "https://bitbucket.org/a/b",
		"https://codeload.example/a": repository + "https://codeload.example/a", "https://api.github.com/a": repository + "https://api.github.com/a",
		"HTTPS://GitHub.com/a": repository + "HTTPS://GitHub.com/a", "https://u:p@github.com/a": repository + "https://github.com/a",
		"https://gitlab.com/api/v4/a.tgz": "", "https://gitlab.com/api": repository + "https://gitlab.com/api", "https://x.example/a.git": repository + "https://x.example/a.git",
		"https://x.example/api/a.git": repository + "https://x.example/api/a.git", "https://x.example/a.tgz": "", "https://nogithub.com/a": "", "https://x.codeload.example/a": "",
		"https://%zz": "its place is no URL: https://%zz",
	} {
		if strings.HasPrefix(want, git) || strings.HasPrefix(want, repository) {
			want += ", not from a registry"
		}
		require.Equal(t, want, foreign(spec), "%q", spec)
	}
}

// A report shows no password, and the rest of a place as it is.
func TestWithoutUser(t *testing.T) {
	for spec, want := range map[string]string{
		"": "", "a@b": "a@b", "https://h": "https://h", "https://h/": "https://h", "https://h/a/b@1": "https://h/a/b@1",
		"https://u@h": "https://h", "https://u:p@h/a": "https://h/a", "git+ssh://u:p@x@h:22/a": "git+ssh://h:22/a", "https://@h/a": "https://h/a",
	} {
		require.Equal(t, want, withoutUser(spec), "%q", spec)
	}
}

func TestNames(t *testing.T) {
	for spec, want := range map[string][2]string{
		"": {"", ""}, "a": {"a", ""}, "a@": {"a", ""}, "a@1": {"a", "1"}, "@a/b": {"@a/b", ""}, "@a/b@1": {"@a/b", "1"},
		"a@npm:b@1": {"a", "npm:b@1"}, "@": {"@", ""}, "@@": {"@", ""}, "ab@^1 || ^2": {"ab", "^1 || ^2"},
	} {
		name, rest := npmSpec(spec)
		require.Equal(t, want, [2]string{name, rest}, "%q", spec)
	}
	for name, want := range map[string][2]string{
		"": {"", ""}, "a": {"", "a"}, "a/b": {"", "a/b"}, "@a": {"", "@a"}, "@a/b": {"@a", "b"}, "@a/b/c": {"@a", "b/c"},
	} {
		scope, short := npmName(name)
		require.Equal(t, want, [2]string{scope, short}, "%q", name)
	}
	require.Equal(t, "a", label("a", ""))
	require.Equal(t, "a@1", label("a", "1"))
}

// A reference that leads to itself, or grows, ends.
func TestInterpolate(t *testing.T) {
	properties := map[string]string{
		"a": "1", "b": "${a}.2", "empty": "", "self": "${self}", "x": "${y}", "y": "${x}", "grows": "${grows}${grows}",
		"long": strings.Repeat("l", maxValue), "longer": strings.Repeat("l", maxValue+1),
	}
	for s, want := range map[string][2]string{
		"": {"", ""}, "x": {"x", ""}, "${a}": {"1", ""}, "v${a}-${b}!": {"v1-1.2!", ""}, "${empty}": {"", ""}, "$a {a} }": {"$a {a} }", ""},
		"${none}": {"", "${none}"}, "${a}${none}": {"", "${none}"}, "${a": {"", "${a}"}, "${}": {"", "${}"},
		"${self}": {"", "${self}"}, "-${x}": {"", "-${x}"}, "${grows}": {"", "${grows}"},
		"${long}": {properties["long"], ""}, "${longer}": {"", "${longer}"}, "${long}x": {"", "${long}x"},
		strings.Repeat("${a}", maxSteps-1): {strings.Repeat("1", maxSteps-1), ""}, strings.Repeat("${a}", maxSteps): {"", strings.Repeat("${a}", maxSteps)},
	} {
		value, unknown := interpolate(s, "${", "}", func(key string) (string, bool) {
			v, ok := properties[key]
			return v, ok
		})
		require.Equal(t, want, [2]string{value, unknown}, "%.100q", s)
	}
}
