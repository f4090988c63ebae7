package glossary

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// questionBegins and questionEnds are what people type around a term when they
// ask for it. Longer ones stand before shorter ones that end or begin them.
var (
	questionBegins = []string{"what does ", "what is ", "what are ", "what's ", "what’s ", "tell me about ", "definition of ", "meaning of ",
		"explain ", "define ", "the ", "/term ", "term ", "用語 ", "用語: "}
	questionEnds = []string{
		"というのは何ですか", "とは何ですか", "とはなんですか", "って何ですか", "ってなんですか", "は何ですか", "はなんですか",
		"とは何でしょうか", "って何でしょうか", "とは何", "とはなに", "とはなん", "って何", "ってなに", "ってなん", "は何", "って", "というのは", "とは",
		"について教えてください", "について教えて", "を教えてください", "の意味を教えて", "を教えて", "教えて", "について", "を説明して", "の説明",
		"とはどういう意味ですか", "とはどういう意味", "ってどういう意味", "の意味は何ですか", "の意味は", "の意味", "の定義", "意味",
		"がわからない", "が分からない", "がわかりません", "が分かりません", " meaning", " mean", " definition", " とは",
	}
	// particles are the last resort: a word may well end in one of them.
	particles = []string{"は", "が", "を", "の", "に", "で", "も", "と", "です"}
)

// signsAround stand before and after a term without being part of it.
const signsAround = " \t　?？!！。．.、,\"'“”‘’「」『』【】()（）<>＜＞〈〉《》`*/:："

// readings are what a text can ask for, likelier first: the text without what
// people type around a term, then without a particle.
func readings(text string) []string {
	asked := bare(text)
	out := []string{asked}
	for _, p := range particles {
		if rest, ok := strings.CutSuffix(asked, p); ok {
			out = append(out, strings.Trim(rest, signsAround))
		}
	}
	return out
}

// bare takes what is no part of a name off a text: quotation marks, question
// marks, and the words of a question.
func bare(text string) string {
	q := strings.Trim(strings.TrimLeft(text, "#"), signsAround)
	lower := strings.ToLower(q)
	for _, begin := range questionBegins {
		if strings.HasPrefix(lower, begin) && len(lower) == len(q) {
			q = strings.Trim(q[len(begin):], signsAround)
			break
		}
	}
	for range 2 { // MFAの意味って何
		q = strings.Trim(withoutEnd(q), signsAround)
	}
	return q
}

// withoutEnd takes off one end of a question, unless nothing would be left.
func withoutEnd(q string) string {
	for _, end := range questionEnds {
		if rest, ok := strings.CutSuffix(q, end); ok && rest != "" {
			return rest
		}
	}
	return q
}

// minSingular is how many letters are left of a plural at the least, but for
// acronyms: IPs, CVEs.
const minSingular = 3

// singulars are the words whose plural an English text may be.
func singulars(text string) []string {
	q := norm.NFKC.String(text)
	stem, ok := strings.CutSuffix(q, "s")
	before, _ := utf8.DecodeLastRuneInString(stem)
	if !ok || before > unicode.MaxASCII || !unicode.IsLetter(before) {
		return nil
	}
	word := stem[strings.LastIndexAny(stem, " -/")+1:]
	if acronymic := len(word) > 1 && word == strings.ToUpper(word); !acronymic && len(word) < minSingular {
		return nil
	}
	out := []string{stem}
	if rest, ok := strings.CutSuffix(stem, "ie"); ok {
		out = append(out, rest+"y")
	}
	if rest, ok := strings.CutSuffix(stem, "e"); ok {
		out = append(out, rest)
	}
	return out
}
