//go:build !race

package delivery_test

// racing says that the race detector watches.
const racing = false
