// Package briefingtest makes things to test the domain with: digests in
// layouts that nobody has seen, together with what they say.
package briefingtest
