package slack

// What Slack refuses, in characters as it counts them (UTF-16 units are
// never fewer) or in pieces.
const (
	// https://docs.slack.dev/reference/block-kit/blocks/
	maxBlocks = 50

	// https://docs.slack.dev/reference/block-kit/blocks/header-block/
	maxHeaderText = 150

	// https://docs.slack.dev/reference/block-kit/blocks/section-block/
	// It holds for a text object; a piece of rich text has no documented
	// limit and is kept to the same.
	maxText = 3000

	// https://docs.slack.dev/reference/block-kit/blocks/context-block/
	maxContextElements = 10

	// https://docs.slack.dev/reference/block-kit/block-elements/button-element/
	maxButtonText  = 75
	maxButtonValue = 2000
	maxButtonURL   = 3000

	// https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element/
	maxSelectOptions = 100
	maxPlaceholder   = 150

	// https://docs.slack.dev/reference/block-kit/composition-objects/option-object/
	// The value may meanwhile have 150, which not every client knows.
	maxOptionText  = 75
	maxOptionValue = 75

	// messageBudget bounds all text of one message. Slack does not document
	// its limit; msg_blocks_too_long was seen from 11,341 characters on.
	// https://github.com/slackapi/bolt-js/issues/2509
	messageBudget = 10_000

	// spanOverhead is what one more piece of text costs of the budget for its
	// container, which Slack seems to count too.
	spanOverhead = 10

	// maxLink bounds the address of a link, so that link and label fit into
	// one text object whatever the label.
	maxLink = 2000

	// maxFallback bounds the text that notifications and screen readers show.
	// Slack recommends fewer than 4,000; people read a line or two.
	// https://docs.slack.dev/reference/methods/chat.postMessage/
	maxFallback = 300

	// https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses
	responseURLUses = 5

	// https://docs.slack.dev/reference/methods/conversations.history/
	historyPage = 100

	// https://docs.slack.dev/reference/views/modal-views/
	maxViewTitle  = 24 // also of what its buttons say
	maxMetadata   = 3000
	maxViewBlocks = 100

	// https://docs.slack.dev/reference/methods/views.open/
	maxViewBytes = 250_000
	// viewReserve is kept free for what surrounds the blocks.
	viewReserve = 8_000

	// https://docs.slack.dev/reference/block-kit/blocks/input-block/
	maxLabel = 2000

	// https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element/
	maxInput = 3000

	// maxAck bounds what an acknowledgement carries, in bytes: Socket Mode
	// drops one of 20,480 in silence.
	maxAck = 16 << 10
)
