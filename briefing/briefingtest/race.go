//go:build race

package briefingtest

// drawn is how many cases a property sees: few under the race detector, which
// makes each some ten times slower and learns nothing from one like the last.
const drawn = "25"
