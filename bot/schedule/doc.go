// Package schedule says when a channel gets its briefing, and which one. It
// is pure: the instant is a parameter and nothing is remembered.
//
// A slot is a channel and a local date, never an instant plus a day: the
// calendar is asked anew for each date, so that clock changes neither skip a
// slot nor repeat one. A slot is due at the channel's local time and stays
// open for its catch-up window.
package schedule
