// Package delivery posts every due briefing once, or says that it did not:
// plan → claim → send → resolve. The ledger's row comes before the request
// and the message id after it, so that a crash at any step leaves a trace to
// look by. What was posted is corrected and removed in the same way: each step
// is written down and can be repeated. Times are wall-clock instants from the
// clock given.
package delivery
