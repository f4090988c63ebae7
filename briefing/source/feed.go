package source

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/mmcdole/gofeed"

	"cyberbrief/briefing"
)

// maxFeed is the size of the largest feed, in bytes: some carry the full text
// of a few weeks.
const maxFeed = 4 << 20

// Feed takes the items of an RSS, Atom or JSON Feed for digests. An item that
// leaves the feed is not withdrawn: feeds hold the newest items only.
type Feed struct {
	address *url.URL
	o       Options
	client  *http.Client
	convert *converter.Converter
	known   validators
	hashes  map[briefing.Date][sha256.Size]byte // of what the sink has
}

// NewFeed makes a source of a feed's address.
func NewFeed(address string, o Options) (*Feed, error) {
	u, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	return &Feed{
		address: u, o: o.withDefaults(), client: newClient(o), hashes: map[briefing.Date][sha256.Size]byte{},
		convert: newConverter(),
	}, nil
}

// newConverter makes what turns HTML into Markdown. Cells are not padded to
// the width of their column: one long cell would make every other as long.
func newConverter() *converter.Converter {
	tables := table.NewTablePlugin(table.WithCellPaddingBehavior(table.CellPaddingBehaviorMinimal))
	c := converter.NewConverter(converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), tables))
	c.Register.PreRenderer(tame, converter.PriorityEarly)
	return c
}

func (f *Feed) String() string { return "feed:" + display(f.address.String()) }

// Scan implements Source.
func (f *Feed) Scan(ctx context.Context, sink Sink) (briefing.Date, error) {
	defer f.client.CloseIdleConnections()
	p, err := fetch(ctx, f.client, f.address, f.known, maxFeed, f.o.Now)
	switch {
	case err != nil:
		return f.newest(), fmt.Errorf("fetch %s: %w", f, err)
	case p.status == http.StatusNotModified:
		return f.newest(), nil
	case p.status != http.StatusOK:
		return f.newest(), fmt.Errorf("fetch %s: the server answers %d %s", f, p.status, http.StatusText(p.status))
	case len(p.body) > maxFeed:
		return f.newest(), fmt.Errorf("fetch %s: larger than %d bytes", f, maxFeed)
	case isWebPage(p.body):
		return f.newest(), fmt.Errorf("fetch %s: got a web page, not a feed", f)
	}
	feed, err := gofeed.NewParser().Parse(bytes.NewReader(p.body))
	if err != nil {
		return f.newest(), fmt.Errorf("read %s: %w", f, err)
	}
	if err := f.take(ctx, feed, sink); err != nil {
		return f.newest(), err
	}
	f.known = p.validators // only now: what failed is to be sent again
	return f.newest(), nil
}

// take hands over what is new in a feed, oldest first.
func (f *Feed) take(ctx context.Context, feed *gofeed.Feed, sink Sink) error {
	items := f.byDate(feed.Items)
	var errs []error
	for _, date := range slices.Sorted(maps.Keys(items)) {
		body, err := f.markdown(items[date])
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s: item of %s: %w", f, date, err))
			continue
		}
		hash := sha256.Sum256(body)
		if f.hashes[date] == hash {
			continue
		}
		if err := sink(ctx, File{Name: string(date) + ".md", Body: body, Source: f.String()}); err != nil {
			errs = append(errs, fmt.Errorf("take in %s: item of %s: %w", f, date, err))
			continue
		}
		f.hashes[date] = hash
	}
	return errors.Join(errs...)
}

// byDate picks one item a date: of those with the date in their title, or
// failing that, of those published on it, the one published last. Items
// without any date or text are not digests.
func (f *Feed) byDate(items []*gofeed.Item) map[briefing.Date]*gofeed.Item {
	best := map[briefing.Date]*gofeed.Item{}
	for _, it := range items {
		date := f.date(it)
		if date == "" || text(it) == "" {
			continue
		}
		if old := best[date]; old == nil || compareItems(it, old) > 0 {
			best[date] = it
		}
	}
	return best
}

func compareItems(a, b *gofeed.Item) int {
	titled := func(it *gofeed.Item) int { return len(dateIn(it.Title)) }
	return cmp.Or(cmp.Compare(titled(a), titled(b)), published(a).Compare(published(b)))
}

// date is the date in an item's title, else the day of its publication.
func (f *Feed) date(it *gofeed.Item) briefing.Date {
	if d := dateIn(it.Title); d != "" {
		return d
	}
	if at := published(it); !at.IsZero() {
		return briefing.DateOf(at.In(f.o.Zone))
	}
	return ""
}

func published(it *gofeed.Item) time.Time {
	switch {
	case it.PublishedParsed != nil:
		return *it.PublishedParsed
	case it.UpdatedParsed != nil:
		return *it.UpdatedParsed
	default:
		return time.Time{}
	}
}

// text is the body of an item as the feed gives it.
func text(it *gofeed.Item) string {
	return strings.TrimSpace(cmp.Or(strings.TrimSpace(it.Content), it.Description))
}

var (
	htmlTag  = regexp.MustCompile(`(?i)</?(p|h[1-6]|ul|ol|li|br|div|section|article|table|blockquote|strong|a)\b[^>]*>`)
	headline = regexp.MustCompile(`(?m)\A\s*#\s+(.+)$`)
)

// markdown is an item as a digest: its title as the heading, then its body,
// turned into Markdown where it is HTML.
func (f *Feed) markdown(it *gofeed.Item) ([]byte, error) {
	body := text(it)
	if htmlTag.MatchString(body) {
		err := convertible(body)
		if err != nil {
			return nil, err
		}
		if body, err = f.convert.ConvertString(body, converter.WithDomain(cmp.Or(it.Link, f.address.String()))); err != nil {
			return nil, fmt.Errorf("turn HTML into Markdown: %w", err)
		}
	}
	title := strings.Join(strings.Fields(it.Title), " ")
	if m := headline.FindStringSubmatch(body); title != "" && (m == nil || strings.TrimSpace(m[1]) != title) {
		body = "# " + title + "\n\n" + body
	}
	return []byte(strings.TrimSpace(body) + "\n"), nil
}

// newest is the newest date that was taken.
func (f *Feed) newest() briefing.Date {
	var d briefing.Date
	for date := range f.hashes {
		d = max(d, date)
	}
	return d
}
