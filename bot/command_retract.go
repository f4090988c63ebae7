package bot

import (
	"context"
	"strings"

	"cyberbrief/briefing"
)

// Retractor removes what was posted. Implemented by bot/delivery.
type Retractor interface {
	// Retract asks for the removal of every copy of a digest in an
	// installation, and says in which channels there is one.
	Retract(ctx context.Context, in InstallationID, digest briefing.Date, who string) ([]Ref, error)
}

// retract is `retract DATE`: the copies in the asker's own installation.
func (r *Router) retract(ctx context.Context, req Request, text string) (Document, error) {
	word, rest := cutWord(text)
	date, ok := typedDate(word)
	if !ok || rest != "" {
		return nil, mistake("取り消すまとめの日付を指定してください。例: /briefing-admin retract 2025-07-02",
			"Name the date of the digest to take back. Example: /briefing-admin retract 2025-07-02")
	}
	refs, err := r.opts.Retractor.Retract(ctx, req.Ref.ID(), date, req.User.ID)
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		return nil, mistake("%s のまとめの投稿はありません。", "There is no post of the digest of %s.", date)
	}
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = ref.String()
	}
	return done(req, "🗑️ %s のまとめの投稿を削除します: %s。結果は status で確認できます。",
		"🗑️ Removing the posts of the digest of %s: %s. See status for how it went.", date, strings.Join(names, in(req.Language, "、", ", "))), nil
}
