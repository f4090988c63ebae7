package slack

import (
	"fmt"
	"net/http"

	"cyberbrief/bot"
)

// classOf is the class of an error that a Web API method answers with.
// https://docs.slack.dev/reference/methods/ lists them method by method.
func classOf(code string) bot.Class {
	switch code {
	case "ratelimited", "rate_limited":
		return bot.Limited

	case "service_unavailable", "request_timeout", "external_channel_migrating",
		"hash_conflict", "list_record_comment_fetch_failed", "update_failed":
		return bot.Transient

	// "It's possible some aspect of the operation succeeded", says Slack; and
	// a duplicate is one of a message that was posted before.
	case "internal_error", "fatal_error", "duplicate_channel_not_found", "duplicate_message_not_found":
		return bot.Doubtful

	case "channel_not_found", "not_in_channel", "is_archived", "is_inactive",
		"restricted_action", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
		"restricted_action_thread_locked", "restricted_action_thread_only_channel",
		"no_permission", "ekm_access_denied", "messages_tab_disabled", "cannot_reply_to_message",
		"channel_is_limited_access", "posting_to_channel_denied", "method_not_supported_for_channel_type",
		"too_many_members", "user_not_in_channel":
		return bot.ChannelGone

	case "message_not_found", "thread_not_found", "not_found":
		return bot.MessageGone

	case "cant_update_message", "cant_delete_message", "edit_window_closed", "streaming_state_conflict":
		return bot.MessageKept

	case "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format",
		"invalid_attachments", "attachment_payload_limit_exceeded", "too_many_attachments", "too_many_contact_cards",
		"metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema", "metadata_must_be_sent_from_app",
		"markdown_text_conflict", "block_mismatch", "view_too_large",
		"blocked_file_type", "file_deleted", "file_is_deleted", "file_not_found", "file_share_limit_reached",
		"max_file_sharing_exceeded", "missing_file_data", "unable_to_share_files",
		"cant_broadcast_message", "no_dual_broadcast_content_update",
		"slack_connect_blocked_file_type", "slack_connect_canvas_sharing_blocked", "slack_connect_clip_sharing_blocked",
		"slack_connect_file_link_sharing_blocked", "slack_connect_file_upload_sharing_blocked", "slack_connect_lists_sharing_blocked",
		"exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id",
		"user_not_found", "user_not_visible":
		return bot.Payload

	case "account_inactive", "token_revoked", "token_expired", "invalid_auth", "not_authed", "missing_scope",
		"accesslimited", "access_denied", "app_access_restricted", "team_access_not_granted", "message_limit_exceeded",
		"org_login_required", "team_added_to_org", "two_factor_setup_required",
		"team_not_found", "forbidden_team", "org_not_found", "enterprise_not_found", "team_not_on_enterprise",
		"fail_to_get_teams_for_restricted_user", "not_enabled":
		return bot.InstallationGone

	case "not_allowed_token_type", "invalid_post_type", "missing_post_type", "invalid_form_data", "invalid_charset",
		"invalid_arg_name", "invalid_array_arg", "invalid_arguments", "invalid_json", "json_not_object",
		"missing_args", "missing_argument", "unknown_method", "method_deprecated", "deprecated_endpoint", "not_implemented",
		"insecure_request", "as_user_not_supported", "send_on_behalf_not_allowed", "link_disabled",
		"invalid_cursor", "invalid_limit", "invalid_types", "invalid_metadata_filter_keys",
		"invalid_ts_latest", "invalid_ts_oldest", "too_many_users", "missing_user", "missing_profile_id", "duplicate_external_id",
		"draft_already_deleted", "draft_already_sent", "draft_has_conflict", "draft_not_found":
		return bot.Fatal
	}
	return bot.Unknown
}

// classOfStatus is the class of an HTTP status other than 200; those that
// only a server behind Slack's own gives are doubtful. A redirect is not
// followed: it was not Slack that answered.
func classOfStatus(status int) bot.Class {
	switch {
	case status == http.StatusTooManyRequests:
		return bot.Limited
	case status >= 500:
		return bot.Doubtful
	case status >= 300 && status < 400, status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly, status == http.StatusMisdirectedRequest:
		return bot.Transient
	case status == http.StatusNotFound:
		return bot.Transient // Slack's own word for it is unknown_method, in a 200: this comes from something in between
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		return bot.Payload
	case status == http.StatusUnauthorized:
		return bot.InstallationGone
	case status == http.StatusMethodNotAllowed, status == http.StatusGone, status == http.StatusUnsupportedMediaType:
		return bot.Fatal // the address or the way we ask is wrong
	}
	return bot.Unknown
}

// statusCode names an HTTP status that is an error.
func statusCode(status int) string { return fmt.Sprintf("http %d", status) }
