package lockfile

import (
	"net/url"
	"strings"
)

// foreign says why spec, the version or the place of an npm package as lockfiles write
// it, means no package of a registry; "" where it may mean one. It is asked of what is
// not a plain version.
//
// Sources: npm's "package spec" (docs.npmjs.com/cli/v11/using-npm/package-spec), Yarn's
// protocols (yarnpkg.com/protocols), pnpm's workspace protocol.
func foreign(spec string) string {
	scheme, rest, ok := strings.Cut(spec, ":")
	if !ok {
		return ""
	}
	switch s := strings.ToLower(scheme); s {
	case "file", "link", "portal", "workspace":
		return "it is " + clip(spec) + " of the project's own files, not a registry's package"
	case "exec":
		return "it is made by a script, " + clip(spec) + ", not a registry's package"
	case "git", "git+ssh", "git+https", "git+http", "git+file", "ssh", "github", "gitlab", "bitbucket", "gist":
		return "it comes from git, " + clip(withoutUser(spec)) + ", not from a registry"
	case "http", "https":
		return archive(spec)
	default:
		if strings.Contains(s, "@") && rest != "" { // git@github.com:user/repository
			return "it comes from git, " + clip(withoutUser(spec)) + ", not from a registry"
		}
	}
	return ""
}

// archive says why a URL means a forge's archive of a repository. Any other URL may be
// a registry's tarball: registries choose their paths.
func archive(spec string) string {
	u, err := url.Parse(spec)
	if err != nil {
		return "its place is no URL: " + clip(spec)
	}
	host := strings.ToLower(u.Hostname())
	forge := strings.HasPrefix(host, "codeload.") || host == "api.github.com"
	for _, h := range []string{"github.com", "gitlab.com", "bitbucket.org"} {
		forge = forge || host == h || host == "www."+h
	}
	// gitlab.com has a registry too, below its API.
	if forge && !strings.HasPrefix(u.Path, "/api/") || strings.HasSuffix(u.Path, ".git") {
		return "it comes from a repository, " + clip(withoutUser(spec)) + ", not from a registry"
	}
	return ""
}

// withoutUser removes what may be a password from a URL that a report shows.
func withoutUser(spec string) string {
	scheme, rest, ok := strings.Cut(spec, "://")
	if !ok {
		return spec
	}
	authority, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	if path != "" {
		path = "/" + path
	}
	return scheme + "://" + authority + path
}

// npmName splits "@scope/name" into a purl's namespace and name.
func npmName(name string) (namespace, short string) {
	if scope, rest, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(name, "@") {
		return scope, rest
	}
	return "", name
}

// npmPackage is a dependency of the npm registry.
func npmPackage(name, version, at, scope string) dependency {
	namespace, short := npmName(name)
	return dependency{typ: "npm", namespace: namespace, name: short, version: version, at: at, scope: scope}
}

// npmSpec splits "name@rest" and "@scope/name@rest".
func npmSpec(spec string) (name, rest string) {
	if at := strings.IndexByte(spec[min(1, len(spec)):], '@'); at >= 0 {
		return spec[:at+1], spec[at+2:]
	}
	return spec, ""
}
