// Package slack is the bot on Slack: it renders documents as Block Kit
// (render.go), posts, finds, edits and deletes messages through a strict
// client of the Web API (post.go), takes commands in through Socket Mode
// (socket.go) or signed HTTP requests (verify.go), which share one intake
// (command.go), and asks Slack who is an admin and where the bot can post
// (admin.go). slack-go gives the types of blocks and the Socket Mode client;
// it is trusted with neither retries, time-outs, reconnects nor with reading
// success.
package slack
