//go:build race

package briefingtest

// Racing says that the race detector watches. It makes SQLite a dozen times as
// slow, and learns nothing from a case that is like the last.
const Racing = true
