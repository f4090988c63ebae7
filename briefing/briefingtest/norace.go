//go:build !race

package briefingtest

// drawn is how many cases a property sees.
const drawn = "100"
