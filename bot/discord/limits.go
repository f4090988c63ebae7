package discord

import "time"

// What Discord allows in a message. Characters are counted as UTF-16 code
// units, which is never less than what Discord counts.
const (
	// https://discord.com/developers/docs/resources/message#create-message
	maxEmbeds     = 10
	maxNonceChars = 25

	// https://discord.com/developers/docs/resources/message#embed-object-embed-limits
	maxTitleChars       = 256
	maxDescriptionChars = 4096
	maxEmbedsChars      = 6000 // of all embeds of a message together

	// maxMessageBytes is an undocumented limit of about 10,000 bytes of UTF-8
	// in all texts of a message, beyond which Discord answers 500. Japanese
	// reaches it long before the limits in characters.
	// https://github.com/discord/discord-api-docs/issues/8554
	maxMessageBytes = 9000

	// https://discord.com/developers/docs/components/reference#action-row
	maxRows       = 5
	maxRowButtons = 5

	// https://discord.com/developers/docs/components/reference#button
	maxLabelChars     = 80
	maxCustomIDChars  = 100
	maxButtonURLChars = 512

	// https://discord.com/developers/docs/components/reference#string-select
	maxOptions          = 25
	maxOptionChars      = 100
	maxPlaceholderChars = 150

	// https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal
	maxModalTitle = 45
	maxModalRows  = 5

	// https://discord.com/developers/docs/components/reference#text-input
	maxInputLabel       = 45
	maxInputChars       = 4000
	maxInputPlaceholder = 100

	// https://discord.com/developers/docs/resources/channel#start-thread-from-message
	maxThreadNameChars = 100

	// https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-autocomplete
	maxChoices     = 25
	maxChoiceChars = 100

	// https://discord.com/developers/docs/resources/message#get-channel-messages
	maxPageMessages = 100
)

// What Discord allows of an interaction.
// https://discord.com/developers/docs/interactions/receiving-and-responding
const (
	// ackWithin is when the first answer is too late; ackTimeout leaves room
	// for the way there.
	ackWithin  = 3 * time.Second
	ackTimeout = 2500 * time.Millisecond
	// tokenLife is how long an interaction can be answered after the ack.
	tokenLife = 15 * time.Minute
)

// identifiesPerDay is our own bound on new gateway sessions in 24 hours.
// Discord allows 1,000, then resets the bot's token.
// https://discord.com/developers/docs/events/gateway#session-start-limit-object
const (
	identifiesPerDay = 200
	identifyWindow   = 24 * time.Hour
)

// longestWait is how long a request waits for its turn in a rate limit
// before it is given back to the caller as Limited.
// https://discord.com/developers/docs/topics/rate-limits
const longestWait = 10 * time.Second
