package schedule

// Instant is At without loading the zone anew for each of millions of dates.
var Instant = instant
