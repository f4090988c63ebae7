//go:build !race

package briefingtest

// Racing says that the race detector watches.
const Racing = false
