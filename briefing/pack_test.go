package briefing_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/sample"
)

// fill gives every field below v a value of its own, and lists two elements.
// A field that is forgotten somewhere is then found.
func fill(v reflect.Value, next *int) {
	*next++
	switch v.Kind() {
	case reflect.Int:
		v.SetInt(int64(*next))
	case reflect.String:
		v.SetString("文 " + string(rune('A'+*next%26)) + string(rune('あ'+*next)))
	case reflect.Bool:
		v.SetBool(*next%2 == 0)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), next)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), next)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), next)
		}
	default:
		panic("a field of kind " + v.Kind().String() + ": teach Pack and this test about it")
	}
}

// full is a digest with something in every field. A span's two flags differ
// from one filling to the next.
func full(seed int) *briefing.Digest {
	var d briefing.Digest
	fill(reflect.ValueOf(&d).Elem(), &seed)
	return &d
}

func TestPack(t *testing.T) {
	cases := map[string]*briefing.Digest{
		"nothing":      {},
		"every field":  full(0),
		"other flags":  full(1),
		"empty lists":  {KeyPoints: []briefing.KeyPoint{}, Glossary: []briefing.Term{{Aliases: []string{}}, {}}, CVEs: []string{""}},
		"odd numbers":  {Stories: []briefing.Story{{Line: -1, Also: []int{0, 1 << 40}}}, Conclusion: &briefing.Passage{}},
		"odd texts":    {Title: "\x00\xff\ufffd", Outlook: &briefing.Passage{Text: briefing.Text{}}},
		"a whole book": {Title: string(bytes.Repeat([]byte("長い題。"), 100_000))},
	}
	for _, f := range sample.Files() {
		cases[f.Name] = digest.Read(f.Name, f.Body)
	}
	for name, want := range cases {
		got, err := briefing.Unpack(briefing.Pack(want))
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
}

// TestPackOfALongHeading: what stands in the file once is packed once, however
// many stories name it. A hostile file would else take the memory of the machine,
// again at every start.
func TestPackOfALongHeading(t *testing.T) {
	const stories = 2000
	var file strings.Builder
	fmt.Fprintf(&file, "# 架空のニュース\n\n## 主要ポイント\n\n- 架空の事案がありました。\n\n## 国内ニュース%s\n\n", strings.Repeat("長い見出し", 40_000))
	for i := range stories {
		fmt.Fprintf(&file, "### 事案%d\n\n本文%dです。\n\n", i, i)
	}
	want := digest.Read("news_2025-07-02.md", []byte(file.String()))
	if err := want.Err(); err != nil || len(want.Stories) != stories || len(want.Stories[stories-1].Section) < file.Len()/2 {
		t.Fatalf("%d stories, %v: the case is none", len(want.Stories), err)
	}
	if n := len(briefing.Laid(want)); n > 2*file.Len() {
		t.Fatalf("a file of %d bytes takes %d", file.Len(), n)
	}
	got, err := briefing.Unpack(briefing.Pack(want))
	if err != nil || !reflect.DeepEqual(want, got) {
		t.Errorf("unpacked as another digest, %v", err)
	}
}

// TestUnpackDamaged: whatever happens to packed bytes is noticed.
func TestUnpackDamaged(t *testing.T) {
	packed := briefing.Pack(full(0))
	for i := range packed {
		flipped := bytes.Clone(packed)
		flipped[i] ^= 1 << (i % 8)
		if d, err := briefing.Unpack(flipped); err == nil && !cmp.Equal(d, full(0)) {
			t.Errorf("a bit of byte %d has changed: read as another digest", i)
		}
		if _, err := briefing.Unpack(packed[:i]); err == nil {
			t.Errorf("cut after %d bytes: no error", i)
		}
	}
}

// FuzzUnpack looks for bytes that crash, or that are read as a digest which
// then packs as another. The bytes are those below the checksum, which none
// that are wrong would pass.
func FuzzUnpack(f *testing.F) {
	for _, d := range []*briefing.Digest{{}, full(0), full(1)} {
		f.Add(briefing.Laid(d))
	}
	f.Add([]byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, laid []byte) {
		d, err := briefing.Unpack(briefing.Deflate(laid))
		if err != nil {
			return
		}
		again, err := briefing.Unpack(briefing.Pack(d))
		if err != nil || !cmp.Equal(d, again) {
			t.Errorf("%q: %v (-once +again):\n%s", laid, err, cmp.Diff(d, again))
		}
	})
}

func BenchmarkUnpack(b *testing.B) {
	f := sample.Files()[0]
	packed := briefing.Pack(digest.Read(f.Name, f.Body))
	b.ReportMetric(float64(len(packed))/float64(len(f.Body)), "of_file")
	for b.Loop() {
		if _, err := briefing.Unpack(packed); err != nil {
			b.Fatal(err)
		}
	}
}
