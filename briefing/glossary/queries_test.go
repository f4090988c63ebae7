package glossary

import (
	"fmt"
	"strings"
	"testing"

	"cyberbrief/briefing"
)

// bookOfTerms is the glossary that the hard queries are asked of. Words that
// look alike stand in it on purpose, and some are left out on purpose: 暗号鍵,
// ビル, ISP, LockBit 4.0, サイバー犯罪, ボーダー.
func bookOfTerms() *Index {
	return index(
		digest("2025-07-01",
			"能動的サイバー防御 | Active Cyber Defense, ACD", "国家サイバー統括室 | NCO", "ランサムウェア | Ransomware",
			"ゼロデイ脆弱性 | Zero-day Vulnerability", "脆弱性 | Vulnerability", "サプライチェーン攻撃 | Supply Chain Attack",
			"フィッシング | Phishing", "スピアフィッシング | Spear Phishing", "ヴィッシング | Vishing, ボイスフィッシング", "スミッシング | SMiShing",
			"マルウェア | Malware", "スパイウェア", "多要素認証 | MFA, Multi-Factor Authentication", "二要素認証 | 2FA",
			"二重脅迫 | Double Extortion", "RaaS | Ransomware as a Service", "DDoS攻撃 | Distributed Denial of Service", "DoS攻撃",
			"標的型攻撃 | Targeted Attack", "水飲み場型攻撃 | Watering Hole Attack"),
		digest("2025-07-02",
			"サーバー証明書", "プロキシサーバー", "ファイアウォール | Firewall", "サンドボックス | Sandbox", "ビール", "シール", "IPS | 侵入防止システム",
			"IDS | 侵入検知システム", "IoC | 侵害の痕跡, Indicator of Compromise", "IoT | モノのインターネット", "APT | Advanced Persistent Threat",
			"C2サーバー | C&Cサーバー, コマンド＆コントロール", "LockBit 3.0", "TLS 1.2", "TLS 1.3", "CVSS | 共通脆弱性評価システム", "CVE", "KEV | 悪用が確認された脆弱性の一覧",
			"漏洩", "改ざん検知", "なりすまし", "踏み台", "情報漏えい対策"),
		digest("2025-07-03",
			"インターフェース", "ソーシャル・エンジニアリング | Social Engineering", "ゼロトラスト | Zero Trust", "クロスサイトスクリプティング | XSS",
			"SQLインジェクション | SQL Injection", "プロンプトインジェクション | Prompt Injection", "バッファオーバーフロー", "ブルートフォース攻撃 | 総当たり攻撃",
			"パスワードリスト型攻撃 | Credential Stuffing", "ボットネット | Botnet", "ダークウェブ | Dark Web", "ディープフェイク | Deepfake",
			"トロイの木馬 | Trojan Horse", "バックドア | Backdoor", "ルートキット | Rootkit", "キーロガー | Keylogger",
			"暗号化", "公開鍵暗号", "電子署名", "耐量子計算機暗号 | PQC, Post-Quantum Cryptography", "サイバー攻撃", "重要インフラ",
			"Wi-Fi", "C++", ".NET", "Java", "JavaScript", "OAuth 2.0", "SIEM", "SOAR", "EDR", "XDR", "クラウド", "クローラー", "ホスト", "マスク", "ポスト"),
		digest("2025-07-04",
			"セキュリティ・クリアランス | Security Clearance", "インシデントレスポンス | Incident Response, IR", "ペネトレーションテスト | Penetration Test, 侵入テスト",
			"シャドーIT | Shadow IT", "デジタル・フォレンジック", "ウイルス", "ワーム", "エクスプロイト | Exploit", "パッチ", "アクセス制御", "最小権限の原則",
			"生体認証", "認証局", "認可", "認証", "監査ログ", "ジオフェンシング", "チャットボット", "メールゲートウェイ", "ボーダレス"),
	)
}

func TestHardQueries(t *testing.T) {
	const (
		exact, alias, variant = briefing.MatchExact, briefing.MatchAlias, briefing.MatchVariant
		prefix, part, typo    = briefing.MatchPrefix, briefing.MatchSubstring, briefing.MatchTypo
		none                  = briefing.MatchNone
	)
	// For none, want must be among the suggestions; "-" wants no suggestion
	// checked. For all others, want is the first term.
	tests := []struct {
		query string
		match briefing.Match
		want  string
	}{
		// the very word
		{"能動的サイバー防御", exact, "能動的サイバー防御"},
		{"  ランサムウェア ", exact, "ランサムウェア"},
		{"　脆弱性　", exact, "脆弱性"},
		{"raas", exact, "RaaS"},
		{"RAAS", exact, "RaaS"},
		{"siem", exact, "SIEM"},
		{"tls 1.3", exact, "TLS 1.3"},
		{"tls  1.2", exact, "TLS 1.2"},
		{"c++", exact, "C++"},
		{".net", exact, ".NET"},
		{"java", exact, "Java"},
		{"javascript", exact, "JavaScript"},
		{"ビール", exact, "ビール"},
		{"認証", exact, "認証"},
		{"認可", exact, "認可"},
		{"DoS攻撃", exact, "DoS攻撃"},
		{"ddos攻撃", exact, "DDoS攻撃"},
		{"IDS", exact, "IDS"},
		{"iot", exact, "IoT"},
		{"ioc", exact, "IoC"},
		{"wi-fi", exact, "Wi-Fi"},
		{"クラウド", exact, "クラウド"},
		// another name
		{"ACD", alias, "能動的サイバー防御"},
		{"active cyber defense", alias, "能動的サイバー防御"},
		{"nco", alias, "国家サイバー統括室"},
		{"ransomware", alias, "ランサムウェア"},
		{"MFA", alias, "多要素認証"},
		{"2fa", alias, "二要素認証"},
		{"xss", alias, "クロスサイトスクリプティング"},
		{"総当たり攻撃", alias, "ブルートフォース攻撃"},
		{"侵入テスト", alias, "ペネトレーションテスト"},
		{"pqc", alias, "耐量子計算機暗号"},
		{"Watering hole attack", alias, "水飲み場型攻撃"},
		{"モノのインターネット", alias, "IoT"},
		{"ボイスフィッシング", alias, "ヴィッシング"},
		{"ir", alias, "インシデントレスポンス"},
		{"vulnerability", alias, "脆弱性"},
		// width
		{"ﾗﾝｻﾑｳｪｱ", variant, "ランサムウェア"},
		{"ＲａａＳ", variant, "RaaS"},
		{"ＭＦＡ", variant, "多要素認証"},
		{"ｃｖｓｓ", variant, "CVSS"},
		{"ﾌｨｯｼﾝｸﾞ", variant, "フィッシング"},
		{"Ｃ２サーバー", variant, "C2サーバー"},
		{"C&Cサーバー", alias, "C2サーバー"},
		{"Ｃ＆Ｃサーバー", variant, "C2サーバー"},
		{"コマンド&コントロール", variant, "C2サーバー"},
		{"ＴＬＳ　１．３", variant, "TLS 1.3"},
		{"ｾﾞﾛﾃﾞｲ脆弱性", variant, "ゼロデイ脆弱性"},
		{"ﾋﾞｰﾙ", variant, "ビール"},
		{"ＤＤｏＳ攻撃", variant, "DDoS攻撃"},
		// spaces, dots, dashes
		{"ゼロデイ 脆弱性", variant, "ゼロデイ脆弱性"},
		{"ゼロ　デイ　脆弱性", variant, "ゼロデイ脆弱性"},
		{"ゼロ・デイ脆弱性", variant, "ゼロデイ脆弱性"},
		{"ソーシャルエンジニアリング", variant, "ソーシャル・エンジニアリング"},
		{"ソーシャル エンジニアリング", variant, "ソーシャル・エンジニアリング"},
		{"ｿｰｼｬﾙ･ｴﾝｼﾞﾆｱﾘﾝｸﾞ", variant, "ソーシャル・エンジニアリング"},
		{"セキュリティクリアランス", variant, "セキュリティ・クリアランス"},
		{"セキュリティー・クリアランス", variant, "セキュリティ・クリアランス"},
		{"セキュリティー クリアランス", variant, "セキュリティ・クリアランス"},
		{"ゼロ-トラスト", variant, "ゼロトラスト"},
		{"ransomware-as-a-service", variant, "RaaS"},
		{"zero day vulnerability", variant, "ゼロデイ脆弱性"},
		{"ZeroDay Vulnerability", variant, "ゼロデイ脆弱性"},
		{"multi factor authentication", variant, "多要素認証"},
		{"post quantum cryptography", variant, "耐量子計算機暗号"},
		{"wifi", variant, "Wi-Fi"},
		{"Wi‐Fi", variant, "Wi-Fi"},
		{"WiFi", variant, "Wi-Fi"},
		{"dark-web", variant, "ダークウェブ"},
		{"デジタルフォレンジック", variant, "デジタル・フォレンジック"},
		{"二重 脅迫", variant, "二重脅迫"},
		{"OAuth2.0", variant, "OAuth 2.0"},
		{"lockbit3.0", variant, "LockBit 3.0"},
		// hiragana, katakana, small kana
		{"らんさむうぇあ", variant, "ランサムウェア"},
		{"ランサムウエア", variant, "ランサムウェア"},
		{"らんさむうえあ", variant, "ランサムウェア"},
		{"ふぃっしんぐ", variant, "フィッシング"},
		{"フイッシング", variant, "フィッシング"},
		{"マルウエア", variant, "マルウェア"},
		{"まるうぇあ", variant, "マルウェア"},
		{"ぼっとねっと", variant, "ボットネット"},
		{"ばっくどあ", variant, "バックドア"},
		{"トロイノ木馬", variant, "トロイの木馬"},
		{"ナリスマシ", variant, "なりすまし"},
		{"びーる", variant, "ビール"},
		{"ぜろとらすと", variant, "ゼロトラスト"},
		{"ディープフエイク", variant, "ディープフェイク"},
		{"だーくうぇぶ", variant, "ダークウェブ"},
		{"わーむ", variant, "ワーム"},
		// ヴ
		{"ビッシング", variant, "ヴィッシング"},
		{"ゔぃっしんぐ", variant, "ヴィッシング"},
		{"びっしんぐ", variant, "ヴィッシング"},
		// long vowels
		{"サーバ証明書", variant, "サーバー証明書"},
		{"ｻｰﾊﾞ証明書", variant, "サーバー証明書"},
		{"さーばー証明書", variant, "サーバー証明書"},
		{"プロキシサーバ", variant, "プロキシサーバー"},
		{"プロキシーサーバー", variant, "プロキシサーバー"},
		{"プロキシー・サーバー", variant, "プロキシサーバー"},
		{"キーロガ", variant, "キーロガー"},
		{"クローラ", variant, "クローラー"},
		{"ファイアーウォール", variant, "ファイアウォール"},
		{"ファイヤウォール", typo, "ファイアウォール"},
		{"インターフェイス", variant, "インターフェース"},
		{"インタフェース", variant, "インターフェース"},
		{"インタフェイス", variant, "インターフェース"},
		{"いんたーふぇーす", variant, "インターフェース"},
		{"バッファーオーバーフロー", variant, "バッファオーバーフロー"},
		{"バッファ・オーバフロー", variant, "バッファオーバーフロー"},
		{"シャドウIT", typo, "シャドーIT"},
		{"シャド−ＩＴ", variant, "シャドーIT"},
		{"メールゲートウエイ", variant, "メールゲートウェイ"},
		{"メールゲートウェー", variant, "メールゲートウェイ"},
		{"ソーシャル〜エンジニアリング", variant, "ソーシャル・エンジニアリング"},
		// half in kanji
		{"漏えい", variant, "漏洩"},
		{"情報漏洩対策", variant, "情報漏えい対策"},
		{"ぜい弱性", variant, "脆弱性"},
		{"改竄検知", variant, "改ざん検知"},
		{"成りすまし", variant, "なりすまし"},
		{"踏台", variant, "踏み台"},
		// as people ask
		{"ランサムウェアとは", exact, "ランサムウェア"},
		{"ランサムウェアとは？", exact, "ランサムウェア"},
		{"「能動的サイバー防御」って何？", exact, "能動的サイバー防御"},
		{"RaaSの意味は？", exact, "RaaS"},
		{"MFAを教えてください。", alias, "多要素認証"},
		{"what is phishing?", alias, "フィッシング"},
		{"\"zero trust\"", alias, "ゼロトラスト"},
		{"**脆弱性**", exact, "脆弱性"},
		{"らんさむうぇあ とは", variant, "ランサムウェア"},
		{"【ゼロトラスト】", exact, "ゼロトラスト"},
		// beginnings
		{"能動的", prefix, "能動的サイバー防御"},
		{"ランサム", prefix, "ランサムウェア"},
		{"らんさむ", prefix, "ランサムウェア"},
		{"耐量子", prefix, "耐量子計算機暗号"},
		{"ソーシャル", prefix, "ソーシャル・エンジニアリング"},
		{"ペネ", prefix, "ペネトレーションテスト"},
		{"インシデント", prefix, "インシデントレスポンス"},
		{"advanced", prefix, "APT"},
		{"lockbit", prefix, "LockBit 3.0"},
		{"標的", prefix, "標的型攻撃"},
		{"最小権限", prefix, "最小権限の原則"},
		{"改ざん", prefix, "改ざん検知"},
		{"ディープ", prefix, "ディープフェイク"},
		{"脆", prefix, "脆弱性"},
		{"セキュリティ", prefix, "セキュリティ・クリアランス"},
		{"TLS", prefix, "TLS 1.2"},
		// parts
		{"サイバー防御", part, "能動的サイバー防御"},
		{"統括室", part, "国家サイバー統括室"},
		{"木馬", part, "トロイの木馬"},
		{"インジェクション", part, "SQLインジェクション"},
		{"エンジニアリング", part, "ソーシャル・エンジニアリング"},
		{"フォレンジック", part, "デジタル・フォレンジック"},
		{"飲み場", part, "水飲み場型攻撃"},
		{"リスト型", part, "パスワードリスト型攻撃"},
		{"compromise", part, "IoC"},
		{"証明書", part, "サーバー証明書"},
		{"おーばーふろー", part, "バッファオーバーフロー"},
		// slips
		{"ランサムエア", typo, "ランサムウェア"},
		{"ランサムウェエア", typo, "ランサムウェア"},
		{"ランサウムェア", typo, "ランサムウェア"},
		{"フィシンッグ", typo, "フィッシング"},
		{"フィシング", typo, "フィッシング"},
		{"脆弱生", typo, "脆弱性"},
		{"ゼロディ脆弱性", variant, "ゼロデイ脆弱性"},
		{"ゼロデイ脆弱正", typo, "ゼロデイ脆弱性"},
		{"能動的サイバー坊御", typo, "能動的サイバー防御"},
		{"脳動的サイバー防御", typo, "能動的サイバー防御"},
		{"サプライチェン攻激", typo, "サプライチェーン攻撃"},
		{"サプライチェン攻撃", variant, "サプライチェーン攻撃"},
		{"ransonware", typo, "ランサムウェア"},
		{"ramsomware", typo, "ランサムウェア"},
		{"phising", typo, "フィッシング"},
		{"pishing", typo, "フィッシング"},
		{"vulnerabilty", typo, "脆弱性"},
		{"vulnerabillity", typo, "脆弱性"},
		{"authentification", none, "-"},
		{"javascirpt", typo, "JavaScript"},
		{"ボットネト", typo, "ボットネット"},
		{"バックドワ", typo, "バックドア"},
		{"クロスサイトスクリプト", none, "クロスサイトスクリプティング"},
		{"クロスサイドスクリプティング", typo, "クロスサイトスクリプティング"},
		{"多要素認承", typo, "多要素認証"},
		{"多用素認証", typo, "多要素認証"},
		{"二重脅拍", typo, "二重脅迫"},
		{"証認", typo, "認証"},
		{"ペネトレーシンテスト", typo, "ペネトレーションテスト"},
		{"エクスプロイド", typo, "エクスプロイト"},
		// other words that look alike
		{"ビル", none, "ビール"},
		{"びる", none, "ビール"},
		{"シル", none, "シール"},
		{"ISP", none, "IPS"},
		{"XDRs", none, "XDR"},
		{"APTs", none, "APT"},
		{"CVF", none, "CVE"},
		{"CVSE", none, "CVSS"},
		{"LockBit 4.0", none, "LockBit 3.0"},
		{"TLS 1.4", none, "TLS 1.3"},
		{"OAuth 1.0", none, "OAuth 2.0"},
		{"サイバー犯罪", none, "サイバー攻撃"},
		{"ホース", none, "ホスト"},
		{"テスト", part, "ペネトレーションテスト"},
		{"マスコ", none, "マスク"},
		{"3FA", none, "-"},
		{"C", prefix, "C++"},
		{"C#", none, "C++"},
		{"量子", part, "耐量子計算機暗号"},
		{"ランサムウェア攻撃", none, "ランサムウェア"},
		{"ゼロトラストネットワーク", none, "ゼロトラスト"},
		{"まったく別の言葉", none, "-"},
		{"qwertyuiop", none, "-"},
		{"?", none, "-"},
		{"・", none, "-"},
		{"", none, "-"},
		{strings.Repeat("あ", 1000), none, "-"},
	}
	x := bookOfTerms()
	wrong := 0
	for _, tt := range tests {
		a := x.Lookup(tt.query)
		first := ""
		if len(a.Terms) > 0 {
			first = a.Terms[0].Term
		}
		ok := a.Match == tt.match && first == tt.want
		if tt.match == none {
			ok = a.Match == none && (tt.want == "-" || strings.Contains(fmt.Sprint(a.Suggestions), tt.want))
		}
		if !ok {
			wrong++
			t.Errorf("%q: %s %q (suggestions %q), want %s %q", tt.query, a.Match, first, a.Suggestions, tt.match, tt.want)
		}
		if len(a.Suggestions) > maxSuggestions {
			t.Errorf("%q: %d suggestions", tt.query, len(a.Suggestions))
		}
	}
	if len(tests) < 150 {
		t.Errorf("%d queries, want at least 150", len(tests))
	}
	t.Logf("%d of %d queries answered as expected", len(tests)-wrong, len(tests))
}
