package bottest

import (
	"strings"

	"golang.org/x/net/html"
)

// HTMLLive reads a page as a browser does: its elements are marks, its links
// to other places links. Links within the site are none.
func HTMLLive(page []byte) Live {
	var live Live
	root, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		live.mark("no HTML: " + err.Error())
		return live
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			live.Hidden = append(live.Hidden, HiddenInText(strings.ReplaceAll(n.Data, "\r", ""))...)
		case html.CommentNode:
			live.mark("comment")
		case html.ElementNode:
			live.htmlElement(n)
		}
	}
	return live
}

func (l *Live) htmlElement(n *html.Node) {
	l.mark("<" + n.Data + ">")
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" {
			l.mark("attribute " + a.Key)
		}
		l.Hidden = append(l.Hidden, HiddenInText(a.Val)...)
		address := strings.ToLower(strings.TrimSpace(a.Val))
		if (a.Key == "href" || a.Key == "src" || a.Key == "action") && !strings.HasPrefix(address, "#") && (!strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//")) {
			l.Links = append(l.Links, LiveLink{htmlText(n) + htmlHost(n), a.Val})
		}
	}
}

// htmlHost is the host that stands after a link, where the page says it.
func htmlHost(n *html.Node) string {
	for s := n.NextSibling; s != nil; s = s.NextSibling {
		if s.Type == html.TextNode && strings.TrimSpace(s.Data) == "" {
			continue
		}
		if s.Data == "span" && len(s.Attr) == 1 && s.Attr[0].Val == "host" {
			return " (" + htmlText(s) + ")"
		}
		break
	}
	return ""
}

// htmlText is the text below a node.
func htmlText(n *html.Node) string {
	var sb strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			sb.WriteString(d.Data)
		}
	}
	return sb.String()
}
