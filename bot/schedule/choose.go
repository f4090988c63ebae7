package schedule

import "cyberbrief/briefing"

const (
	// maxEarlier is how many missed digests a post names.
	maxEarlier = 30
	// lateDays is how old a digest may be that comes out of order, where the
	// channel sets no limit of age.
	lateDays = 7
)

// Choose picks what a channel gets on a local date: the newest digest that
// it has not had. Available are all digests there are, newest first; lastPost
// is the newest one the channel has had, empty before its first post; maxAge
// is in days, 0 for no limit.
//
// A digest older than lastPost is picked only if it came late: the archive
// from before the channel's first post is never posted day by day. Earlier
// are unseen digests older than pick that the channel would otherwise never
// be told of, newest first; none before a first post.
func Choose(available []briefing.Date, had map[briefing.Date]bool, lastPost briefing.Date, maxAge int, today briefing.Date) (pick briefing.Date, earlier []briefing.Date, ok bool) {
	first := oldest(had)
	for _, d := range available {
		switch {
		case had[d]:
		case lastPost != "" && d < lastPost && !late(d, first, maxAge, today):
		case pick == "" && maxAge > 0 && today.DaysSince(d) > maxAge:
			return "", nil, false // all that follow are older still
		case pick == "":
			pick = d
		case lastPost != "" && len(earlier) < maxEarlier:
			earlier = append(earlier, d)
		}
	}
	return pick, earlier, pick != ""
}

// late says whether a digest older than the last post belongs to the days
// since the channel's first one and is recent enough to be news.
func late(d, first briefing.Date, maxAge int, today briefing.Date) bool {
	if maxAge == 0 {
		maxAge = lateDays
	}
	return d > first && today.DaysSince(d) <= maxAge
}

// oldest is the first date of a set, empty for none.
func oldest(dates map[briefing.Date]bool) briefing.Date {
	var first briefing.Date
	for d := range dates {
		if first == "" || d < first {
			first = d
		}
	}
	return first
}
