package glossary

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/sahilm/fuzzy"

	"cyberbrief/briefing"
)

// sizes are how many terms the benchmarks work with. Real digests make about
// 4,000 in a year.
var sizes = []int{1e3, 1e4, 1e5}

// vocabulary are the words that invented terms are made of.
var vocabulary = []string{
	"ランサム", "ウェア", "攻撃", "防御", "認証", "多要素", "ゼロデイ", "脆弱性", "暗号", "クラウド", "サーバー", "標的型", "フィッシング", "サプライ",
	"チェーン", "対策", "情報", "漏洩", "検知", "侵入", "監視", "統括室", "署名", "証明書", "インジェクション", "プロンプト", "ボット", "ネット",
	"解析", "基盤", "エンド", "ポイント", "ゲートウェイ", "ルーター", "ファーム", "メモリ", "カーネル", "権限", "昇格", "横展開", "窃取", "偽装",
	"詐欺", "口座", "送金", "国家", "産業", "制御", "医療", "金融", "鉄道", "衛星", "海底", "通信", "無線", "音声", "合成", "動画", "深層", "学習",
	"モデル", "毒入れ", "抽出", "逆転", "量子", "計算機", "耐性", "鍵", "交換", "匿名", "仮名", "加工", "同意", "委託", "再委託", "監査", "台帳",
	"資産", "棚卸", "訓練", "演習", "机上", "連絡", "窓口", "届出", "罰則", "法案", "指針", "枠組み", "成熟度", "格付け", "保険", "特約", "補償",
	"shadow", "zero", "trust", "remote", "agent", "broker", "loader", "stealer", "wiper", "beacon", "tunnel", "proxy", "token", "cookie", "session",
}

// invented makes n terms that look like real ones, with another name for each
// fifth.
func invented(n int) *briefing.Digest {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		// Some words are in many terms, most in few.
		return vocabulary[int(float64(len(vocabulary))*rng.Float64()*rng.Float64())]
	}
	d := &briefing.Digest{Date: "2025-07-01"}
	known := map[string]bool{}
	for len(d.Glossary) < n-1 {
		term := word() + word()
		for range rng.IntN(3) {
			term += word()
		}
		if known[term] {
			term += fmt.Sprint(" ", rng.IntN(n))
		}
		if known[term] {
			continue
		}
		known[term] = true
		t := briefing.Term{Term: term, Definition: fmt.Sprintf("%sと%sにかかわる言葉その%d。", word(), word(), len(d.Glossary))}
		if len(d.Glossary)%5 == 0 {
			t.Aliases = []string{fmt.Sprintf("Z%d%s", len(d.Glossary), word())}
		}
		d.Glossary = append(d.Glossary, t)
	}
	d.Glossary = append(d.Glossary, briefing.Term{Term: "耐量子計算機暗号", Definition: "量子計算機でも破れない暗号。"})
	return d
}

// queries makes 200 queries of a kind for a glossary.
func queries(d *briefing.Digest, kind string) []string {
	rng := rand.New(rand.NewPCG(3, 4))
	out := make([]string, 200)
	for i := range out {
		r := []rune(d.Glossary[rng.IntN(len(d.Glossary))].Term)
		at := rng.IntN(len(r))
		switch kind {
		case "prefix":
			r = r[:1+len(r)/2]
		case "typo": // one letter left out, doubled, replaced or swapped
			switch i % 4 {
			case 0:
				r = slices.Delete(r, at, at+1)
			case 1:
				r = slices.Insert(r, at, r[at])
			case 2:
				r[at] = 'ヌ'
			case 3:
				at = min(at, len(r)-2)
				r[at], r[at+1] = r[at+1], r[at]
			}
		case "unknown":
			other := []rune(d.Glossary[rng.IntN(len(d.Glossary))].Term)
			r = slices.Concat(r[:1+len(r)/2], []rune("ヌ"), other[len(other)/2:])
		}
		out[i] = string(r)
	}
	return out
}

// processorTime is what the process has used so far. On a machine that others
// use too it says more than the time that went by.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLookup measures look-ups and what an index takes on top of its
// digests; then how long two libraries take for the nearest of the same terms.
func BenchmarkLookup(b *testing.B) {
	for _, n := range sizes {
		d := invented(n)
		before := heap()
		x := index(d)
		x.Lookup("")
		taken := heap() - before
		for _, kind := range []string{"exact", "prefix", "typo", "unknown"} {
			qs := queries(d, kind)
			run := func(name string, look func(string)) {
				b.Run(fmt.Sprintf("%s/%d/%s", kind, n, name), func(b *testing.B) {
					b.ReportAllocs()
					began := processorTime()
					for i := 0; b.Loop(); i++ {
						look(qs[i%len(qs)])
					}
					b.ReportMetric(float64(processorTime()-began)/float64(b.N), "cpu-ns/op")
					if name == "ours" {
						b.ReportMetric(float64(taken)/1e6, "MB")
					}
				})
			}
			run("ours", func(q string) { x.Lookup(q) })
			if kind == "typo" || kind == "unknown" {
				terms := make([]string, n)
				for i, t := range d.Glossary {
					terms[i] = t.Term
				}
				run("levenshtein", func(q string) { nearest(q, terms) })
				run("fuzzy", func(q string) { fuzzy.Find(q, terms) })
			}
		}
		runtime.KeepAlive(x)
	}
}

// BenchmarkBuild measures what the first look-up after a new digest waits for.
func BenchmarkBuild(b *testing.B) {
	for _, n := range sizes {
		d := invented(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				index(d).Lookup("")
			}
		})
	}
}

// nearest is the term with the smallest distance to a query.
func nearest(query string, terms []string) string {
	best, least := "", len(query)
	for _, t := range terms {
		if d := levenshtein.ComputeDistance(query, t); d < least {
			best, least = t, d
		}
	}
	return best
}

// heap is what is in use after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
