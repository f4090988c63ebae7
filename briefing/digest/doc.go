// Package digest reads one day's digest: Markdown in, briefing.Digest out.
//
// Digests are written by people and machines that change their layout every
// few weeks, so nothing here knows one layout. A file goes through six steps,
// one file of this package each:
//
//	guard.go     refuses what is not a digest: size, encoding, hostile nesting
//	clean.go     takes machine leftovers out of the source, line by line
//	markdown.go  goldmark's tree, with emphasis that understands Japanese
//	flatten.go   the tree as headings and blocks of lines, markup gone
//	role.go      what a heading is for: its words, its place, what stands below
//	assemble.go  every part into its field of the Digest; link.go ties them
//
// Reading never fails: whatever is wrong becomes a warning, and a warning of
// severity Error keeps the digest from being posted. No text is dropped
// without a warning, except the leftovers themselves and bare role words such
// as 主要ポイント, which the field of the Digest stands for.
package digest
