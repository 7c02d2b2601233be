package main

const usage = `stella-scan says which known vulnerabilities concern the packages of a target.
It fetches nothing: the same target and advisories give the same bytes, anywhere.

  stella-scan -db PATH [flags] TARGET
  stella-scan db build|info|verify      the index of advisories; stella-scan db -h
  stella-scan case new|minimize|verify  golden cases of failures; stella-scan case -h

TARGET is one of
  an SBOM       CycloneDX (JSON, XML) or SPDX 2 (JSON, tag-value), told by its content;
                - is an SBOM on standard input
  a lockfile    told by its name: package-lock.json, go.mod, Cargo.lock, poetry.lock,
                Gemfile.lock, composer.lock, pom.xml and more
  an image      what "docker save" or "skopeo copy" write: a docker-archive, an OCI
                layout as a tar or as a directory
  a directory   every SBOM and lockfile below it

Examples:
  stella-scan -db advisories app.cdx.json
  stella-scan -db advisories package-lock.json -details
  docker save shop:1.0 -o shop.tar && stella-scan -db osv.index shop.tar
  stella-scan -db osv.index services/
  generator | stella-scan -db all.zip -format json -o findings.json -
  stella-scan -db osv.index -format sarif -fail-on high app.cdx.json > scan.sarif
  stella-scan -db osv.index -callgraph calls.json -vex vex.json app.cdx.json
  stella-scan -db osv.index -format openvex -author "Shop security" \
    -now 2026-11-26T09:00:00Z app.cdx.json > shop.openvex.json

Flags, before or after TARGET:
  -db PATH          OSV records (https://osv.dev): a directory, a zip as OSV
                    publishes them for each ecosystem, one file, or an index that
                    "stella-scan db build" made of them, which is fastest; required
  -format FORMAT    table      for people; the default
                    json       stella.findings/v1, canonical: what the others are made of
                    sarif      SARIF 2.1.0, for code scanning
                    openvex    OpenVEX v0.2.0; needs -author and -now
                    cyclonedx  CycloneDX 1.6 with vulnerabilities (VDR and VEX)
  -o FILE           where the output goes, whole or not at all (default standard output)
  -details          in the table: aliases, locations, call paths, every package that was
                    not evaluated
  -callgraph FILE   what is called: stella.callgraph/v1, the digraph text of
                    golang.org/x/tools/cmd/callgraph, or govulncheck -json; may be
                    given again
  -vex FILE         OpenVEX or CycloneDX VEX, to suppress findings; may be given again
  -config FILE      stella.config/v1: findings to ignore, each with a reason
  -fail-on LEVEL    exit 3 for a finding that is not suppressed at or over low,
                    medium, high or critical; one of unknown severity counts
  -show-withdrawn   judge withdrawn advisories too
  -now TIME         the time that a rule or a format needs, RFC 3339; no clock is read
  -author NAME      who makes the statements of -format openvex
  -cpuprofile FILE  where the time went, for go tool pprof
  -version          print the version
  -h                print this

A package that cannot be judged is listed with the reason, never taken for safe. With
-fail-on, a scan that could not judge a single one of the packages is an error.

Exit codes: 0 scanned, 1 error, 2 a mistake in the command line, 3 see -fail-on.
After 1 and 2 there is no output, but for the output of a scan that judged nothing.
`
