package delivery

import "cyberbrief/bot"

// interleave orders channels so that those of one installation stand far
// apart: first one of each, then the second of each, and so on. Each
// installation has a pace of its own, and one with very many channels must
// not keep the others waiting behind it.
func interleave(channels []bot.Channel) []bot.Channel {
	groups := map[bot.InstallationID][]bot.Channel{}
	var order []bot.InstallationID
	for _, c := range channels {
		id := c.ID()
		if groups[id] == nil {
			order = append(order, id)
		}
		groups[id] = append(groups[id], c)
	}
	mixed := make([]bot.Channel, 0, len(channels))
	for round := 0; len(mixed) < len(channels); round++ {
		left := order[:0]
		for _, id := range order {
			mixed = append(mixed, groups[id][round])
			if round+1 < len(groups[id]) {
				left = append(left, id)
			}
		}
		order = left
	}
	return mixed
}
