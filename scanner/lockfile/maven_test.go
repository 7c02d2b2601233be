package lockfile

import "testing"

const pomNote = "- pom.xml: it lists the project's own dependencies; what those bring in is not in it: scan the SBOM that the build writes"

var mavenRows = []row{
	{
		name: "properties and management", file: "pom.xml",
		text: `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>3</version></parent>
  <artifactId>app</artifactId>
  <properties><jsv>1.30</jsv><again>${jsv}</again><loop>${loop}</loop></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>org.managed</groupId><artifactId>jar</artifactId><version>1.0</version><scope>test</scope></dependency>
    <dependency><groupId>org.managed</groupId><artifactId>jar</artifactId><version>2.0</version></dependency>
    <dependency><groupId>org.bom</groupId><artifactId>first</artifactId><version>1</version><type>pom</type><scope>import</scope></dependency>
    <dependency><groupId>org.bom</groupId><artifactId>second</artifactId><version>2</version><type>pom</type><scope>import</scope></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>org.yaml</groupId><artifactId>snakeyaml</artifactId><version>${again}</version></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>sibling</artifactId><version>${project.version}</version><scope>compile</scope></dependency>
    <dependency><groupId>org.managed</groupId><artifactId>jar</artifactId></dependency>
    <dependency><groupId>org.managed</groupId><artifactId>jar</artifactId><classifier>other</classifier></dependency>
    <dependency><groupId>org.unset</groupId><artifactId>a</artifactId><version>${unset}</version></dependency>
    <dependency><groupId>org.loop</groupId><artifactId>a</artifactId><version>${loop}</version></dependency>
    <dependency><groupId>org.range</groupId><artifactId>a</artifactId><version>[1.0,2.0)</version></dependency>
    <dependency><groupId>org.exact</groupId><artifactId>a</artifactId><version>[1.5]</version><optional>true</optional></dependency>
    <dependency><groupId>org.latest</groupId><artifactId>a</artifactId><version>LATEST</version></dependency>
    <dependency><artifactId>a</artifactId><version>1</version></dependency>
  </dependencies>
  <modules><module>core</module></modules>
  <build><plugins><plugin><artifactId>p</artifactId><dependencies><dependency><groupId>x</groupId></dependency></dependencies></plugin></plugins></build>
  <profiles><profile><id>extra</id><dependencies><dependency><groupId>org.profile</groupId><artifactId>a</artifactId><version>1</version><scope>provided</scope></dependency></dependencies></profile></profiles>
</project>`,
		want: []string{
			"Maven org.exact:a 1.5 pom.xml#(optional)",
			"Maven org.example:sibling 3 pom.xml",
			"Maven org.managed:jar 1.0 pom.xml#(test)",
			"Maven org.profile:a 1 pom.xml#(provided profile extra)",
			"Maven org.yaml:snakeyaml 1.30 pom.xml",
			"- :a: it lacks groupId or artifactId",
			"- core: the module's pom.xml is read where it is a target or a lockfile of its own",
			"- org.example:parent:3: it is the parent, which is not read: the dependencies and versions that it gives are not known",
			"- org.latest:a: its version is not pinned: LATEST",
			"- org.loop:a: it needs the property ${loop}, which this file does not set",
			"- org.managed:jar: no version is given here; the BOM org.bom:first:1, or the BOM org.bom:second:2, or the parent org.example:parent:3 may give one, and is not read",
			"- org.range:a: its version is not pinned: [1.0,2.0)",
			"- org.unset:a: it needs the property ${unset}, which this file does not set",
			pomNote,
		},
	},
	{
		name: "alone", file: "pom.xml", text: `<project><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId></dependency></dependencies></project>`,
		want: []string{"- g:a: no version is given, and no BOM or parent that could give one", pomNote},
	},
	{
		name: "a value that doubles", file: "pom.xml",
		text: `<project><properties><a>${b}${b}</a><b>${a}${a}</b></properties><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${a}</version></dependency></dependencies></project>`,
		want: []string{"- g:a: it needs the property ${a}, which this file does not set", pomNote},
	},
	{name: "another root", file: "pom.xml", text: `<settings/>`, err: `"settings", not "project"`},
}

func TestMaven(t *testing.T) { run(t, mavenRows) }

func FuzzMaven(f *testing.F) { fuzz(f, mavenRows) }

var gradleRows = []row{
	{
		name: "configurations", file: "gradle.lockfile",
		text: `# This is a Gradle generated file for dependency locking.
org.yaml:snakeyaml:1.30=compileClasspath,runtimeClasspath,testRuntimeClasspath
junit:junit:4.12=testCompileClasspath,testRuntimeClasspath
com.example:bare:1.0
odd line
:a:1=x
empty=annotationProcessor
`,
		want: []string{
			"Maven com.example:bare 1.0 gradle.lockfile",
			"Maven junit:junit 4.12 gradle.lockfile#(test)",
			"Maven org.yaml:snakeyaml 1.30 gradle.lockfile",
			"- :a:1=x: line 6 is no group:artifact:version",
			"- odd line: line 5 is no group:artifact:version",
		},
	},
	{name: "comments only", file: "buildscript-gradle.lockfile", text: "# x\nempty=\n"},
}

func TestGradle(t *testing.T) { run(t, gradleRows) }

func FuzzGradle(f *testing.F) { fuzz(f, gradleRows) }
