package briefingtest

// Some are all cases of a table whose rows exercise the same code; every third
// of them while the race detector watches.
func Some[T any](all []T) []T {
	if !Racing {
		return all
	}
	var some []T
	for i := 0; i < len(all); i += 3 {
		some = append(some, all[i])
	}
	return some
}
