package sarif

// The parts of SARIF 2.1.0 that are written. Names and order are the specification's
// (sections 3.13 to 3.58); a list that may not be null is never nil. What holds all else,
// from the log to the run, is written as it goes.

type runProperties struct {
	AdvisoriesSHA256 string `json:"advisories/sha256"`
	Advisories       int    `json:"advisories/records"`
}

type descriptor struct {
	ID               string  `json:"id"`
	ShortDescription message `json:"shortDescription"`
}

type rule struct {
	descriptor
	FullDescription message        `json:"fullDescription"`
	HelpURI         string         `json:"helpUri"`
	Help            message        `json:"help"`
	Properties      ruleProperties `json:"properties"`
}

type ruleProperties struct {
	SecuritySeverity string   `json:"security-severity,omitempty"`
	Tags             []string `json:"tags"`
}

type message struct {
	Text string `json:"text"`
}

type notification struct {
	Descriptor reference `json:"descriptor"`
	Level      string    `json:"level"`
	Message    message   `json:"message"`
}

type reference struct {
	ID string `json:"id"`
}

type automation struct {
	ID string `json:"id"`
}

type artifact struct {
	Location artifactLocation  `json:"location"`
	Hashes   map[string]string `json:"hashes,omitempty"`
}

type artifactLocation struct {
	URI string `json:"uri"`
}

type result struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               string            `json:"level"`
	Message             message           `json:"message"`
	Locations           []location        `json:"locations"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
	CodeFlows           []codeFlow        `json:"codeFlows,omitempty"`
	Suppressions        []suppression     `json:"suppressions"`
	Properties          resultProperties  `json:"properties"`
}

type resultProperties struct {
	PURL          string   `json:"purl"`
	Ecosystem     string   `json:"ecosystem"`
	Version       string   `json:"version"`
	FixedVersions []string `json:"fixedVersions"`
	Reachability  string   `json:"reachability"`
	Why           string   `json:"reachabilityReason"`
}

type location struct {
	Physical *physical `json:"physicalLocation,omitempty"`
	Logical  []logical `json:"logicalLocations,omitempty"`
	Message  *message  `json:"message,omitempty"`
}

type physical struct {
	ArtifactLocation artifactLocation `json:"artifactLocation"`
	Region           region           `json:"region"`
}

type region struct {
	StartLine int `json:"startLine"`
}

type logical struct {
	Name          string `json:"name"`
	QualifiedName string `json:"fullyQualifiedName,omitempty"`
	Kind          string `json:"kind"`
}

type codeFlow struct {
	ThreadFlows []threadFlow `json:"threadFlows"`
}

type threadFlow struct {
	Locations []threadFlowLocation `json:"locations"`
}

type threadFlowLocation struct {
	Location location `json:"location"`
}

type suppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}
