//go:build race

package digest

// raceFactor is how much slower the race detector makes us.
const raceFactor = 15
