package digest

import (
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// role is what a section is for.
type role int

const (
	roleNone role = iota
	roleKeyPoints
	roleNews // the list of news items, in full; a wrapper
	roleDeepDive
	roleBackground
	roleGlossary
	roleOutlook
	roleConclusion
	roleCitations
	roleOverview // an introduction or the like: not news, no part of its own
	roles
)

// phrase is a word for a role. Strength is how sure it makes us by itself,
// from 0 to 1: まとめ closes most digests, but also opens some.
type phrase struct {
	text     string
	strength float64
}

// phrases are the words for each role. They are matched in any order and
// company: a heading is of a role as far as these words and fillers explain
// it, see meaningOf.
var phrases = [roles][]phrase{
	roleKeyPoints: {
		{"主要ポイント", 1}, {"重要ポイント", 1}, {"キーポイント", 1}, {"注目ポイント", 1}, {"ポイント", .95},
		{"ハイライト", 1}, {"要点", 1}, {"要約", .8}, {"サマリー", .9}, {"サマリ", .9}, {"エグゼクティブ", .9},
		{"主要トピック", .8}, {"トピックス", .7}, {"トピック", .65}, {"注目トピック", .8}, {"重要トピック", .9}, {"トップ", .85}, {"3本", .85}, {"3選", .8}, {"5本", .85}, {"5選", .8}, {"三行", .8}, {"3行", .8}, {"要旨", .9}, {"早わかり", .9}, {"ヘッドライン", .8}, {"行まとめ", 1}, {"押さえ", .9}, {"押さえる", .9},
		{"ひと目", .8}, {"一目", .8}, {"まとめ", .6}, {"概要", .6}, {"概況", .6}, {"速報", .6}, {"見出し", .6}, {"結論ファースト", 1},
		{"keypoints", 1}, {"keytakeaways", 1}, {"takeaways", 1}, {"highlights", 1}, {"summary", .8}, {"executivesummary", 1}, {"tl;dr", 1}, {"tldr", 1}, {"ataglance", 1}, {"headlines", .8}, {"overview", .6},
	},
	roleNews: {
		{"ニュース紹介", 1}, {"ニュース詳細", 1}, {"詳細ニュース", 1}, {"ニュース解説", 1}, {"個別ニュース", 1}, {"ニュース本文", 1}, {"各ニュース", 1},
		{"ニュースカテゴリ", 1}, {"ニュース一覧", 1}, {"ニュースの紹介", 1}, {"トップニュース", 1}, {"注目ニュース", 1}, {"主要ニュース", .9}, {"ピックアップニュース", 1}, {"記事紹介", 1},
		{"ニュース", .9}, {"詳報", 1}, {"トピック詳細", 1}, {"詳細", .9}, {"本編", .9},
		{"news", .9}, {"topstories", 1}, {"stories", .9}, {"details", .9}, {"indetail", 1},
	},
	roleDeepDive: {
		{"深掘り", 1}, {"深堀り", 1}, {"深掘", 1}, {"深堀", 1}, {"ディープダイブ", 1}, {"特集", 1}, {"徹底解説", 1}, {"徹底分析", 1}, {"詳細分析", .9}, {"掘り下げ", 1},
		{"考察", .9}, {"分析", .6}, {"解説", .55}, {"フォーカス", .7}, {"コラム", .8}, {"論点", .8}, {"ズームイン", .9}, {"クローズアップ", .9}, {"視点", .6}, {"もっと詳しく", 1}, {"もっと知りたい", 1}, {"じっくり", .9}, {"くわしく", .8}, {"詳しく", .8},
		{"deepdive", 1}, {"feature", .9}, {"analysis", .8}, {"infocus", .9}, {"spotlight", .8}, {"closerlook", 1},
	},
	roleBackground: {
		{"関連知識", 1}, {"背景知識", 1}, {"基礎知識", 1}, {"知識紹介", 1}, {"前提知識", 1}, {"豆知識", 1}, {"補足知識", 1}, {"知識", .9}, {"背景", .8}, {"補足", .7}, {"技術解説", .9}, {"関連情報", .7},
		{"background", 1}, {"context", .8},
	},
	roleGlossary: {
		{"用語解説", 1}, {"用語集", 1}, {"重要用語", 1}, {"用語", 1}, {"キーワード", .9}, {"略語", 1}, {"ことば", .7}, {"言葉", .7}, {"単語", .9}, {"英単語", .9},
		{"glossary", 1}, {"terminology", 1}, {"terms", .9}, {"keywords", .9}, {"definitions", .9},
	},
	roleOutlook: {
		{"今後の展望", 1}, {"今後の見通し", 1}, {"今後の予測", 1}, {"今後の動向", .9}, {"今後の課題", .8}, {"今後の注目点", 1}, {"今後の対策", .7}, {"今後の影響", .6}, {"今後の方向性", .8}, {"今後の注目", 1}, {"明日以降", 1}, {"明日の注目", 1}, {"あすの注目", 1}, {"明日の見どころ", 1}, {"あすの見どころ", 1}, {"来週", .9}, {"来月", .9},
		{"展望", .95}, {"見通し", .9}, {"予測", .8}, {"将来", .7}, {"先行き", .9}, {"今後に向けて", .9}, {"今後", .8}, {"これから", .8},
		{"outlook", 1}, {"lookingahead", 1}, {"what'snext", 1}, {"whatsnext", 1}, {"future", .8},
	},
	roleConclusion: {
		{"結論", 1}, {"総括", 1}, {"総評", 1}, {"まとめ", 1}, {"おわりに", 1}, {"終わりに", 1}, {"さいごに", 1}, {"最後に", 1}, {"むすび", 1}, {"結び", 1}, {"締め", .8}, {"締めくくり", 1}, {"締めの言葉", 1}, {"結びの言葉", 1}, {"一言", .9}, {"ひとこと", .9}, {"後記", .7}, {"教訓", .8}, {"所感", .8},
		{"conclusion", 1}, {"conclusions", 1}, {"closing", .9}, {"wrap-up", 1}, {"wrapup", 1}, {"keytakeaways", .9}, {"takeaways", .9}, {"bottomline", 1}, {"finalthoughts", 1}, {"lessons", .7},
	},
	roleCitations: {
		{"主要引用", 1}, {"引用文献", 1}, {"引用元", 1}, {"引用", 1}, {"参考文献", 1}, {"参考情報", 1}, {"参考資料", 1}, {"参考リンク", 1}, {"参考url", 1}, {"参考記事", 1}, {"参照記事", 1}, {"元記事", 1}, {"参考", .9}, {"参照", .9}, {"出典", 1}, {"情報源", 1}, {"ソース", .8}, {"関連リンク", .9}, {"リンク集", .9},
		{"references", 1}, {"citations", 1}, {"citation", 1}, {"sources", 1}, {"bibliography", 1}, {"links", .8}, {"quotes", .9},
	},
	roleOverview: {
		{"はじめに", 1}, {"まえがき", 1}, {"序文", 1}, {"イントロダクション", 1}, {"リード", .8}, {"概要", .9}, {"概況", .9}, {"全体像", .9}, {"免責事項", 1}, {"注意事項", 1}, {"編集後記", 1}, {"お知らせ", 1}, {"編集方針", 1}, {"この記事について", 1}, {"関連記事", 1},
		{"チェックリスト", 1}, {"アクションアイテム", 1}, {"推奨アクション", 1}, {"推奨対策", 1}, {"推奨事項", 1}, {"対応策", .8}, {"対策", .8}, {"アクション", .7},
		{"introduction", 1}, {"about", .9}, {"disclaimer", 1}, {"recommendations", 1}, {"actionitems", 1},
	},
}

// fillers say nothing about the role of a heading that has a role word.
var fillers = []string{
	"についての", "について", "に関する", "における", "および", "ならびに", "ニュース全体", "全体", "ニュース", "サイバーセキュリティ", "サイバー", "セキュリティ", "情報セキュリティ",
	"本日の", "今日の", "今回の", "今週の", "本日", "今日", "今回", "今週", "この日の", "主要な", "主要", "主な", "重要な", "重要性", "重要", "注目の", "最新の", "関連する", "関連", "分野", "概念",
	"対策", "考察", "解説", "紹介", "教訓", "一覧", "リスト", "トピック", "情報", "概要", "詳細", "追加", "補足", "専門", "基本", "技術", "背景", "知識", "分析", "提言", "示唆", "課題", "影響", "方向性", "ポイント", "まとめ", "欄", "集", "編", "べき", "たい", "おきたい", "知って", "読み解く", "まず", "3", "三", "5", "五", "つ", "点", "ミニ", "メモ", "ノート", "コーナー", "専門家", "この記事の", "本記事の", "本号の", "明日の", "きょうの", "当面の", "読む", "人へ", "方へ", "人のために", "短期的", "中長期的", "中期的", "長期的", "注目", "にした記事", "用いた", "動向",
	"の", "と", "や", "・", "を", "に", "で", "は", "へ", "び", "&", "/", ",", "、", "-", "—", ":", "!", "！", "?", "「", "」", "・",
	"today's", "todays", "today", "the", "and", "of", "for", "key", "main", "daily", "topics", "topic",
}

// lexeme is a phrase of a role, or a filler (roleNone).
type lexeme struct {
	phrase
	role role
}

// lexicon holds all phrases and fillers by their first character.
var lexicon = func() map[rune][]lexeme {
	m := map[rune][]lexeme{}
	add := func(p phrase, r role) {
		first, _ := firstRune(p.text)
		m[first] = append(m[first], lexeme{p, r})
	}
	for r, list := range phrases {
		for _, p := range list {
			add(p, role(r))
		}
	}
	for _, f := range fillers {
		add(phrase{text: f}, roleNone)
	}
	return m
}()

// filterRunes is the size of lexiconFilter.
const filterRunes = 1 << 12

// lexiconFilter spares most look-ups: it is set for the first characters of
// the lexicon, by their last bits.
var lexiconFilter = func() (set [filterRunes]bool) {
	for c := range lexicon {
		set[c%filterRunes] = true
	}
	return set
}()

// meaning is how far the words of a heading explain each role.
type meaning [roles]struct {
	score float64 // strength of the strongest phrase, times how much is explained
	all   bool    // phrases and fillers explain everything
}

// maxRoleBytes is the longest heading, in bytes, that can name a role.
const maxRoleBytes = 96

// mask marks bytes of a heading.
type mask [(maxRoleBytes + 63) / 64]uint64

func (m *mask) mark(from, n int) {
	for i := from; i < from+n; i++ {
		m[i>>6] |= 1 << (i & 63)
	}
}

func (m mask) or(o mask) mask {
	for i := range m {
		m[i] |= o[i]
	}
	return m
}

func (m mask) count() int {
	n := 0
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// meaningOf explains a heading in its normal form, see normal. The score of
// a role is the strength of its strongest phrase in the heading, times the
// square of the share of the heading that its phrases and fillers explain.
// A role word of two characters in a long heading of fillers counts a little
// less than one that is the heading.
func meaningOf(norm string) (m meaning) {
	if norm == "" || len(norm) > maxRoleBytes {
		return m
	}
	var named [roles]mask
	var strength [roles]float64
	for i, c := range norm {
		if !lexiconFilter[c%filterRunes] {
			continue
		}
		for _, l := range lexicon[c] {
			if strings.HasPrefix(norm[i:], l.text) {
				named[l.role].mark(i, len(l.text))
				strength[l.role] = max(strength[l.role], l.strength)
			}
		}
	}
	if strength[roleOutlook] > 0 {
		strength[roleKeyPoints] = 0 // 今後の注目ポイント has no news
	}
	size := float64(len(norm))
	for r := roleKeyPoints; r < roles; r++ {
		if strength[r] == 0 {
			continue
		}
		explained := named[r].or(named[roleNone]).count()
		share := float64(explained) / size
		m[r].score = strength[r] * (0.92 + 0.08*float64(named[r].count())/size) * share * share
		m[r].all = explained == len(norm)
	}
	return m
}

// sureWords is the score of words that leaves no doubt.
const sureWords = 0.9

// sure is the role that the words name without doubt and without saying
// anything else: 主要ポイント, 2. 用語解説, [今後の展望].
func (m *meaning) sure() (role, bool) {
	best, most := roleNone, 0.0
	for r := roleKeyPoints; r < roles; r++ {
		if w := m[r]; w.all && w.score >= sureWords && w.score > most {
			best, most = r, w.score
		}
	}
	return best, best != roleNone
}

// names says whether the words explain the heading as some role's, if only a
// weak one.
func (m *meaning) names() bool {
	for r := roleKeyPoints; r < roles; r++ {
		if m[r].all && m[r].score > 0 {
			return true
		}
	}
	return false
}

// bareRole is the role that a text names without doubt.
func bareRole(text string) (role, bool) {
	if len(text) > maxRoleBytes {
		return roleNone, false
	}
	m := meaningOf(normal(text))
	return m.sure()
}

// normal is a heading as the phrases are written: half-width, lower case,
// without spaces, numbering, emoji and brackets around it.
func normal(text string) string {
	if len(text) > maxRoleBytes {
		return text // no role has such a name
	}
	out := make([]byte, 0, len(text))
	for _, c := range text {
		switch {
		case c >= '！' && c <= '～':
			c -= '！' - '!'
		case c <= ' ' || c == '　' || c == 0xfe0f:
			continue
		case c >= 0x80 && c < 0x2e80 && (unicode.Is(unicode.So, c) || unicode.IsSpace(c)), c > 0xffff && unicode.Is(unicode.So, c):
			continue
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = utf8.AppendRune(out, c)
	}
	s := strings.TrimFunc(string(out), around)
	return strings.TrimLeftFunc(s[numbering(s):], around)
}

// around says whether c may stand around a heading without being part of it.
func around(c rune) bool {
	switch c {
	case '[', ']', '(', ')', '【', '】', '〔', '〕', '《', '》', '<', '>', '*', '_', '#', '■', '□', '◆', '◇', '●', '○', '▼', '▶', '・', ':':
		return true
	}
	return false
}

// numbering is how many bytes at the start of s number it: 1. 2.1. (3) 第4章 ④
func numbering(s string) int {
	t := strings.TrimPrefix(s, "第")
	prefixed := len(t) < len(s)
	i := 0
	for i < len(t) && (isDigit(t[i]) || t[i] == '.' && i > 0) {
		i++
	}
	if i == 0 {
		if c, n := firstRune(s); c >= '①' && c <= '⑳' {
			return n
		}
		return 0
	}
	rest := t[i:]
	at := len(s) - len(rest)
	for _, suffix := range []string{"章", "部", "節", "、", ")", ":", "位", "】", "]", "〕"} {
		if strings.HasPrefix(rest, suffix) && (prefixed || suffix != "章" && suffix != "部" && suffix != "節" && suffix != "位") {
			return at + len(suffix)
		}
	}
	if t[i-1] == '.' || strings.IndexByte(t[:i], '.') > 0 { // 1. 2.1. 2.1
		return at
	}
	return 0
}

func firstRune(s string) (rune, int) {
	for _, c := range s {
		return c, len(string(c))
	}
	return 0, 0
}

// numbered says whether a heading counts its place: "1. …", "第2章 …".
func numbered(text string) bool {
	return numbering(strings.TrimLeft(text, " (（【[〔")) > 0
}

// classify gives every section its role. The score of a role is 0.7 for the
// words of the heading, 0.2 for the shape of what stands below it and 0.1
// for its place; 0.6 is enough. So a plain role word decides by itself, a
// part of one needs the shape that goes with it, and shape alone is never
// enough, except for the two that rescue finds.
func (r *reader) classify(all []*section) {
	for _, s := range all {
		if s.title {
			continue
		}
		best, most := roleNone, 0.6
		for c := roleKeyPoints; c < roles; c++ {
			if score := r.score(s, c, len(all)); score >= most {
				best, most = c, score
			}
		}
		s.role = best
		if c, topic := topicRole(s.heading.text); best == roleNone && c != roleNews && c != roleKeyPoints || c == best {
			s.role, s.topic = c, topic
		}
		if s.role == roleOverview && s.order <= 1 && len(s.blocks) > 1 && shape(s, roleKeyPoints) == 1 {
			s.role = roleKeyPoints // 本日の概要, and then a list
		}
	}
	r.settle(all)
	r.rescue(all)
}

// topicRole is the role that a heading names beside its topic, and the
// topic: 深掘り：X, 【深掘り】X, X（深掘り）, 深掘り | X.
func topicRole(text string) (role, string) {
	if head, rest, ok := cutColon(text); ok {
		if c, sure := bareRole(head); sure {
			return c, rest
		}
	}
	for _, sep := range []string{"｜", " | ", " - ", " – ", " — ", "――", "—", "〜"} {
		if head, rest, ok := strings.Cut(text, sep); ok && strings.TrimSpace(rest) != "" {
			if c, sure := bareRole(head); sure {
				return c, strings.TrimSpace(rest)
			}
		}
	}
	for _, pair := range [][2]string{{"【", "】"}, {"[", "]"}, {"「", "」"}, {"（", "）"}, {"(", ")"}} {
		before, inner, ok := strings.Cut(text, pair[0])
		inner, after, closed := strings.Cut(inner, pair[1])
		before, after = strings.TrimSpace(before), strings.TrimSpace(after)
		if !ok || !closed || (before == "") == (after == "") {
			continue
		}
		switch c, sure := bareRole(inner); {
		case !sure || pair[0] == "「":
		case c == roleDeepDive, c == roleBackground, c == roleGlossary, c == roleOutlook:
			return c, before + after
		}
		if c, sure := bareRole(before); sure && pair[0] == "「" && after == "" {
			return c, inner
		}
	}
	return roleNone, ""
}

func (r *reader) score(s *section, c role, total int) float64 {
	w := s.words[c]
	if w.score == 0 || c == roleOverview && !w.all {
		return 0
	}
	return 0.7*w.score/0.98 + 0.2*shape(s, c) + 0.1*place(s, c, total)
}

// place is how well the place of a section fits a role, from 0 to 1.
func place(s *section, c role, total int) float64 {
	at := float64(s.order) / float64(max(1, total-1))
	switch c {
	case roleKeyPoints, roleOverview:
		return 1 - min(1, at*4)
	case roleGlossary, roleOutlook, roleBackground, roleDeepDive:
		return min(1, at*2)
	case roleConclusion, roleCitations:
		return at * at
	}
	return 0.5
}

// shape is how well the blocks of a section fit a role, from 0 to 1.
func shape(s *section, c role) float64 {
	items, links, bold, quotes, prose := 0, 0, 0, 0, 0
	for _, b := range s.blocks {
		if b.kind == briefing.Item || b.kind == briefing.Row {
			items++
		} else if c == roleGlossary && len(b.lines) > 1 && len(termLines(b)) == len(b.lines) {
			items++
		} else {
			prose++
		}
		first := b.lines[0].spans[0]
		if first.strong {
			bold++
		}
		if strings.HasPrefix(strings.TrimLeft(first.text, " \"“"), "「") {
			quotes++
		}
		if hasURL(b) {
			links++
		}
	}
	n := float64(max(1, len(s.blocks)))
	switch c {
	case roleKeyPoints:
		return float64(items) / n * (1 - float64(links)/n)
	case roleGlossary:
		if slices.ContainsFunc(s.children, func(c *section) bool { return manyEntries(c.blocks) }) {
			return 1
		}
		return max(float64(bold), float64(items)) / n
	case roleCitations:
		return max(float64(links), float64(quotes)) / n
	case roleOutlook, roleConclusion, roleOverview:
		return min(1, float64(prose)/n)
	case roleNews, roleDeepDive, roleBackground:
		if len(s.children) > 0 {
			return 1
		}
	}
	return 0
}

func hasURL(b *block) bool {
	for _, l := range b.lines {
		for _, s := range l.spans {
			if s.url != "" {
				return true
			}
		}
	}
	return false
}

// settle decides between sections that claim a role a digest has only once,
// and takes roles back where the company says otherwise.
func (r *reader) settle(all []*section) {
	var outlook, conclusion *section
	for _, s := range all {
		if (s.role == roleOutlook || s.role == roleConclusion) && insideItem(s) || s.role == roleBackground && s.topic == "" && ofStory(s) {
			s.role = roleNone
		}
		switch s.role {
		case roleOutlook:
			outlook = better(outlook, s, len(all))
		case roleConclusion:
			conclusion = better(conclusion, s, len(all))
		}
	}
	for _, s := range all {
		if s.role == roleOutlook && s != outlook || s.role == roleConclusion && s != conclusion {
			s.role = roleNone
		}
	}
	keys := false
	for _, s := range all {
		if s.role == roleKeyPoints {
			if keys {
				s.role = roleNone
			}
			keys = true
		}
	}
}

// better is the one of two claims with the plainer words; of two alike the
// later one.
func better(a, b *section, total int) *section {
	if a == nil {
		return b
	}
	wa, wb := a.words[a.role].score, b.words[b.role].score
	if a.topic != "" {
		wa = 0.9
	}
	if b.topic != "" {
		wb = 0.9
	}
	// Higher up and further down is what closes a digest.
	if wb+0.1*place(b, b.role, total)-0.02*float64(b.level) >= wa+0.1*place(a, a.role, total)-0.02*float64(a.level) {
		return b
	}
	return a
}

// insideItem says whether s is part of a numbered news item.
func insideItem(s *section) bool {
	for p := s.parent; p != nil && p.heading != nil; p = p.parent {
		if p.role == roleDeepDive || p.role == roleBackground {
			return false
		}
		if numbered(p.heading.text) && p.parent != nil && p.parent.role == roleNews {
			return true
		}
	}
	return false
}

// ofStory says whether s stands right below a heading that tells a story and
// names its source: its background is a part of the story.
func ofStory(s *section) bool {
	p := s.parent
	return p != nil && p.heading != nil && !p.title && p.role == roleNone && prose(p.blocks, minProse) && hasSource(p)
}

// weakDive is the score of words that name a deep dive where no other
// section does.
const weakDive = 0.5

// rescue finds the deep dive of a digest that has none by plainer words. It
// finds key points and citations whose headings have no word for it:
// a first section that is nothing but short items, a last one that is
// nothing but links.
func (r *reader) rescue(all []*section) {
	has := [roles]bool{}
	var parts []*section
	for _, s := range all {
		has[s.role] = true
		if !s.title {
			parts = append(parts, s)
		}
	}
	if len(parts) < 2 {
		return
	}
	for _, s := range parts {
		if w := s.words[roleDeepDive]; !has[roleDeepDive] && s.role == roleNone && s.level <= 2 && w.all && w.score >= weakDive && prose(s.blocks, minProse) {
			s.role = roleDeepDive // 分析, 専門家の視点
		}
	}
	if first := parts[0]; !has[roleKeyPoints] && first.role == roleNone && len(first.children) == 0 &&
		len(first.blocks) >= 2 && shape(first, roleKeyPoints) == 1 && len(r.root.blocks) == 0 {
		first.role = roleKeyPoints
	}
	if last := parts[len(parts)-1]; !has[roleCitations] && last.role == roleNone &&
		len(last.blocks) >= 2 && len(last.children) == 0 && allLinks(last) {
		last.role = roleCitations
	}
}

// allLinks says whether every block is a short line with a link.
func allLinks(s *section) bool {
	const maxTitle = 200
	for _, b := range s.blocks {
		if !hasURL(b) || len([]rune(plain(b.lines[0].spans))) > maxTitle || b.kind == briefing.Paragraph && len(b.lines) == 1 && len(s.blocks) < 3 {
			return false
		}
	}
	return true
}
