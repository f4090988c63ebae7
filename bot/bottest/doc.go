// Package bottest tests platforms: fake Slack and fake Discord that speak the
// vendors' wire protocols on loopback and refuse what the vendors refuse, a
// clock that stands still, databases and a browser for tests, and TestPlatform,
// the conformance suite that every platform passes.
package bottest
