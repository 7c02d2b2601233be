package sweep

// Decision and Decide: being written.
type Decision struct{}
