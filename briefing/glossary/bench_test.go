package glossary

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"cyberbrief/briefing"
)

// invented makes an index of n terms that look like real ones.
func invented(n int) *Index {
	parts := []string{"ランサム", "ウェア", "攻撃", "防御", "認証", "多要素", "ゼロデイ", "脆弱性", "暗号", "クラウド", "サーバー", "標的型", "フィッシング",
		"サプライ", "チェーン", "対策", "情報", "漏洩", "検知", "侵入", "監視", "統括室", "署名", "証明書", "インジェクション", "プロンプト", "ボット", "ネット", "解析", "基盤"}
	rng := rand.New(rand.NewPCG(1, 2))
	d := &briefing.Digest{Date: "2025-07-01"}
	for i := range n {
		term := fmt.Sprint(i)
		for range 3 {
			term = parts[rng.IntN(len(parts))] + term
		}
		d.Glossary = append(d.Glossary, briefing.Term{Term: term})
	}
	d.Glossary = append(d.Glossary, briefing.Term{Term: "耐量子計算機暗号"})
	return index(d)
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{1e3, 1e4, 1e5} {
		x := invented(n)
		x.Lookup("")
		for _, q := range []struct{ kind, query string }{
			{"exact", "耐量子計算機暗号"}, {"prefix", "耐量子"}, {"typo", "対量子計算機暗号"}, {"none", "ランサムウェア統括監視室"},
		} {
			b.Run(fmt.Sprintf("%s/%d", q.kind, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					x.Lookup(q.query)
				}
			})
		}
	}
}
