package briefing

import (
	"errors"
	"fmt"
)

// ErrNotFound says that there is no such digest, term or channel.
var ErrNotFound = errors.New("not found")

// UnreadableError says why a digest cannot be posted.
type UnreadableError struct {
	Date    Date
	Warning Warning
}

func (e *UnreadableError) Error() string {
	where := fmt.Sprintf("line %d", e.Warning.Line)
	if e.Date != "" {
		where = fmt.Sprintf("digest %s, %s", e.Date, where)
	}
	return fmt.Sprintf("%s: %s: %s", where, e.Warning.Code, e.Warning.Message)
}
