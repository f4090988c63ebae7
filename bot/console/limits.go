package console

import (
	"time"
)

// The console's own limits. They keep one browser, or one long digest, from
// taking the page away from everybody else.
const (
	// maxMessageRunes is the text of one message: what a reader takes in
	// before wanting a pause, and well within a browser's comfort.
	maxMessageRunes = 6000
	// maxMessageBlocks is the number of blocks of one message.
	maxMessageBlocks = 120
	// maxMessageBytes is the JSON of one message. A rune takes at most 12
	// bytes of JSON (an escaped surrogate pair), addresses not counted.
	maxMessageBytes = 256 << 10
	// maxTypedRunes is what one person may type as one message.
	maxTypedRunes = 4000
	// maxBodyBytes is the body of any request that a browser sends.
	maxBodyBytes = 32 << 10
	// maxKept is how many messages each channel, and each person's private
	// side of it, remembers; older ones are forgotten.
	maxKept = 1000
	// maxPeople is how many browsers are remembered; the one that was away
	// longest is forgotten first.
	maxPeople = 500
	// maxStreams is how many event streams are open at once.
	maxStreams = 200
	// streamBuffer is how many events may wait for one slow browser; beyond
	// it the stream is cut, and the browser comes back for a fresh snapshot.
	streamBuffer = 64
	// maxPast is how many events are remembered for browsers that were away
	// for a moment; after more they get a fresh snapshot.
	maxPast = 256
	// maxPastBytes bounds the memory that they take.
	maxPastBytes = 4 << 20
	// maxRequestIDs is how many requests of a person are remembered, so that
	// one sent twice is answered once.
	maxRequestIDs = 64
	// maxURLBytes is the longest address that becomes a link.
	maxURLBytes = 2000
)

const (
	// retryAfter is how long a browser waits before it comes back.
	retryAfter = time.Second
	// pingEvery keeps proxies from closing a quiet stream.
	pingEvery = 20 * time.Second
	// writeTimeout is how long a browser may take to accept one event.
	writeTimeout = 15 * time.Second
	// answerTimeout bounds one command.
	answerTimeout = 30 * time.Second
)
