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
	return fmt.Sprintf("digest %s, line %d: %s: %s", e.Date, e.Warning.Line, e.Warning.Code, e.Warning.Message)
}
