package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The walls between the packages. They are checked here, in one place,
// because no package can see by itself who leans on it.

const module = "cyberbrief"

// outside is where anything may be imported from elsewhere than this module.
const outside = "*"

// wall says what a package of ours may import. A name that ends in /... holds
// for the packages below; the first wall that fits a package is its own.
type wall struct {
	pkg string
	// ours are the packages of this module that it may import.
	ours []string
	// theirs are the modules that it may import beside the standard library.
	theirs []string
	why    string
}

var walls = []wall{
	{"cmd/cyberbrief", []string{"bot", "bot/...", "briefing", "briefing/...", "config"}, []string{outside},
		"cmd wires everything"},
	{"cmd/notices", nil, nil,
		"what writes the notices is a tool of the build and must add none of its own"},
	{"config", nil, []string{"github.com/kelseyhightower/envconfig"},
		"configuration knows nothing of what it configures"},
	{"briefing", nil, nil,
		"the domain depends on nothing: the standard library only"},
	{"briefing/source", []string{"briefing", "briefing/sample"}, []string{outside},
		"a source hands files over without reading them; the samples are one of the sources"},
	{"briefing/...", []string{"briefing"}, []string{outside},
		"the parts of the domain meet in package briefing and do not know each other"},
	{"bot", []string{"briefing"}, []string{outside},
		"what no platform owns knows no platform"},
	{"bot/store/...", nil, nil,
		"generated queries and migrations know only the database"},
	{"bot/store", []string{"bot", "bot/delivery", "bot/store/...", "briefing"}, []string{outside},
		"the store keeps the types of bot and the ledger of delivery, and decides nothing"},
	{"bot/delivery", []string{"bot", "bot/schedule", "briefing"}, []string{outside},
		"delivery asks schedule; platforms and store are handed to it as interfaces"},
	{"bot/...", []string{"bot", "briefing"}, []string{outside},
		"the packages below bot meet in bot and do not know each other"},
}

// keeper says which packages alone may import something.
type keeper struct {
	path    string // an import path or the beginning of one
	keepers []string
	why     string
}

var keepers = []keeper{
	{"database/sql", []string{"bot/store", "bot/store/..."}, "SQL stands in the store only"},
	{"github.com/jackc/pgx", []string{"bot/store"}, "databases are the store's"},
	{"modernc.org/sqlite", []string{"bot/store"}, "databases are the store's"},
	{"github.com/pressly/goose", []string{"bot/store"}, "migrations are the store's"},
	{"github.com/riverqueue/river", []string{"bot/store", "bot/delivery"}, "work is queued by the store and done by delivery"},
	{"github.com/slack-go/slack", []string{"bot/slack"}, "each platform's library stays behind its package"},
	{"github.com/bwmarrin/discordgo", []string{"bot/discord"}, "each platform's library stays behind its package"},
	{"github.com/alecthomas/kong", []string{"cmd/cyberbrief"}, "only cmd has a command line"},
	{"github.com/yuin/goldmark", []string{"briefing/digest"}, "Markdown is read in one place"},
	{"testing", nil, "tests are not shipped"},
	{module + "/bot/bottest", nil, "tests are not shipped"},
	{module + "/briefing/briefingtest", nil, "tests are not shipped"},
}

// platforms know neither each other, nor the store, nor delivery, not even in
// their tests.
var (
	platforms = []string{"bot/slack", "bot/discord", "bot/console"}
	unseen    = append(slices.Clone(platforms), "bot/store", "bot/delivery")
)

// source is one Go file as the rules see it.
type source struct {
	pkg  string // folder, relative to the module
	name string
	file *ast.File
	fset *token.FileSet
}

// test holds for test files and for the packages that only they import.
func (s source) test() bool {
	return strings.HasSuffix(s.name, "_test.go") || s.pkg == "bot/bottest" || s.pkg == "briefing/briefingtest"
}

// faults are all broken rules in one file, each with its reason.
func faults(s source) []string {
	all := slices.Concat(faultyImports(s), faultyInits(s), faultyVariables(s))
	if !s.test() {
		all = append(all, faultyCalls(s)...)
	}
	return all
}

func faultyImports(s source) []string {
	var found []string
	fault := func(spec *ast.ImportSpec, why string) {
		found = append(found, fmt.Sprintf("%s imports %s: %s", s.at(spec), spec.Path.Value, why))
	}
	w, ok := wallOf(s.pkg)
	if !ok {
		return []string{fmt.Sprintf("%s: package %s has no wall: add one to this test", s.at(s.file), s.pkg)}
	}
	for _, spec := range s.file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		ours, isOurs := strings.CutPrefix(imported, module+"/")
		switch {
		case slices.Contains(platforms, s.pkg) && ours != s.pkg && slices.Contains(unseen, ours):
			fault(spec, "platforms know neither each other, nor the store, nor delivery")
		case s.test():
			continue // tests may build what they test from its neighbours
		case isOurs && !fits(w.ours, ours):
			fault(spec, w.why)
		case !isOurs && !standard(imported) && !theirs(w.theirs, imported):
			fault(spec, w.why)
		case spec.Name != nil && spec.Name.Name == "_" && imported != "embed" && s.pkg != "cmd/cyberbrief":
			fault(spec, "a blank import changes the program behind the reader's back; lists are tables")
		case spec.Name != nil && spec.Name.Name == ".":
			fault(spec, "a dot import hides where a name comes from")
		}
		for _, k := range keepers {
			if begins(imported, k.path) && !fits(k.keepers, s.pkg) && !s.test() {
				fault(spec, k.why)
			}
		}
	}
	return found
}

// faultyInits finds functions that run because somebody imports a package.
func faultyInits(s source) []string {
	var found []string
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" && !s.test() {
			found = append(found, fmt.Sprintf("%s: func init: nothing runs because of an import", s.at(f)))
		}
	}
	return found
}

// faultyVariables finds assignments to package variables of the same file.
func faultyVariables(s source) []string {
	var found []string
	check := func(target ast.Expr) {
		if id := root(target); id != nil && s.packageVariable(id) && !s.test() {
			found = append(found, fmt.Sprintf("%s: package variable %s changes: hold state in a value", s.at(id), id.Name))
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, target := range n.Lhs {
					check(target)
				}
			}
		case *ast.IncDecStmt:
			check(n.X)
		}
		return true
	})
	return found
}

// packageVariable says whether the parser tied the name to a variable that
// this file declares at its top level.
func (s source) packageVariable(id *ast.Ident) bool {
	if id.Obj == nil || id.Obj.Kind != ast.Var {
		return false
	}
	for _, d := range s.file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR && slices.Contains(g.Specs, ast.Spec(specOf(id))) {
			return true
		}
	}
	return false
}

func specOf(id *ast.Ident) *ast.ValueSpec {
	spec, _ := id.Obj.Decl.(*ast.ValueSpec)
	return spec
}

// root is the variable that an assignment to x, x.f, x[i] or *x changes.
func root(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	case *ast.ParenExpr:
		return root(e.X)
	}
	return nil
}

// faultyCalls finds calls that belong to cmd: the environment, and the end of
// the program.
func faultyCalls(s source) []string {
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok || pkg.Obj != nil || strings.HasPrefix(s.pkg, "cmd/") {
			return true
		}
		switch call := pkg.Name + "." + sel.Sel.Name; call {
		case "os.Getenv", "os.LookupEnv", "os.Environ", "os.Exit", "log.Fatal", "log.Fatalf", "http.DefaultClient", "slog.Default", "slog.SetDefault":
			found = append(found, fmt.Sprintf("%s: %s: what a package needs is handed to it by cmd", s.at(sel), call))
		}
		return true
	})
	return found
}

func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", path.Join(s.pkg, s.name), s.fset.Position(n.Pos()).Line)
}

func wallOf(pkg string) (wall, bool) {
	i := slices.IndexFunc(walls, func(w wall) bool { return fits([]string{w.pkg}, pkg) })
	if i < 0 {
		return wall{}, false
	}
	return walls[i], true
}

// fits says whether a package is in a list; a pattern x/... holds for x's
// children, and for x itself where x is also listed.
func fits(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		parent, below := strings.CutSuffix(p, "/...")
		return p == pkg || below && strings.HasPrefix(pkg, parent+"/")
	})
}

func theirs(modules []string, imported string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return m == outside || begins(imported, m) })
}

// begins says whether an import path is p or below it.
func begins(imported, p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") }

// standard holds for the standard library: its paths begin without a dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != module && !strings.Contains(first, ".")
}

func TestArchitecture(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case d.IsDir() && (base == "testdata" || base == "vendor" || base != "." && strings.HasPrefix(base, ".")):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(root, name), nil, 0)
		if err != nil {
			return err
		}
		read++
		for _, fault := range faults(source{path.Dir(name), path.Base(name), file, fset}) {
			t.Error(fault)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read == 0 {
		t.Fatalf("no Go file below %s", root)
	}
}

// TestArchitectureSees breaks each rule once.
func TestArchitectureSees(t *testing.T) {
	const none = ""
	for _, c := range []struct {
		name, file, body, want string
	}{
		{"the domain leans on bot", "briefing/x.go", `import "cyberbrief/bot"`, "depends on nothing"},
		{"the domain leans on a library", "briefing/x.go", `import "github.com/rivo/uniseg"`, "depends on nothing"},
		{"the domain uses the standard library", "briefing/x.go", `import "encoding/json"`, none},
		{"a test of the domain uses a library", "briefing/x_test.go", `import "pgregory.net/rapid"`, none},
		{"config leans on the domain", "config/x.go", `import "cyberbrief/briefing"`, "knows nothing"},
		{"config reads with envconfig", "config/x.go", `import "github.com/kelseyhightower/envconfig"`, none},
		{"bot reads config", "bot/x.go", `import "cyberbrief/config"`, "knows no platform"},
		{"bot leans on a platform", "bot/x.go", `import "cyberbrief/bot/slack"`, "knows no platform"},
		{"glossary leans on digest", "briefing/glossary/x.go", `import "cyberbrief/briefing/digest"`, "do not know each other"},
		{"a test of glossary reads digests", "briefing/glossary/x_test.go", `import "cyberbrief/briefing/digest"`, none},
		{"a platform leans on another", "bot/slack/x.go", `import "cyberbrief/bot/discord"`, "neither each other"},
		{"a platform's test leans on the store", "bot/console/x_test.go", `import "cyberbrief/bot/store"`, "nor the store"},
		{"a platform leans on delivery", "bot/discord/x.go", `import "cyberbrief/bot/delivery"`, "nor delivery"},
		{"the web leans on the store", "bot/web/x.go", `import "cyberbrief/bot/store"`, "do not know each other"},
		{"delivery asks schedule", "bot/delivery/x.go", `import "cyberbrief/bot/schedule"`, none},
		{"delivery leans on the store", "bot/delivery/x.go", `import "cyberbrief/bot/store"`, "handed to it"},
		{"the store knows the ledger", "bot/store/x.go", `import "cyberbrief/bot/delivery"`, none},
		{"generated queries know bot", "bot/store/queries/x.go", `import "cyberbrief/bot"`, "only the database"},
		{"SQL beside the store", "bot/web/x.go", `import "database/sql"`, "store only"},
		{"River beside delivery", "bot/slack/x.go", `import "github.com/riverqueue/river/rivertype"`, "done by delivery"},
		{"Slack's library outside", "bot/web/x.go", `import "github.com/slack-go/slack"`, "behind its package"},
		{"test support is shipped", "cmd/cyberbrief/x.go", `import "cyberbrief/bot/bottest"`, "not shipped"},
		{"a blank import", "bot/store/x.go", `import _ "modernc.org/sqlite"`, "blank import"},
		{"a blank import of embed", "bot/web/x.go", `import _ "embed"`, none},
		{"a dot import", "bot/web/x.go", `import . "strings"`, "dot import"},
		{"a package nobody thought of", "util/x.go", ``, "has no wall"},
		{"an init", "bot/x.go", `func init() {}`, "nothing runs"},
		{"a method named init", "bot/x.go", `type a int; func (a) init() {}`, none},
		{"a package variable changes", "bot/x.go", `var n int; func f() { n++ }`, "n changes"},
		{"a package map changes", "bot/x.go", `var m = map[int]int{}; func f() { m[1] = 2 }`, "m changes"},
		{"a local variable changes", "bot/x.go", `var n int; func f() { n := 1; n = 2; _ = n }`, none},
		{"test support is free", "bot/bottest/x.go", `import "database/sql"; import "testing"`, none},
		{"the environment is read", "bot/x.go", `import "os"; func f() string { return os.Getenv("A") }`, "handed to it"},
		{"cmd reads the environment", "cmd/cyberbrief/x.go", `import "os"; func f() string { return os.Getenv("A") }`, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, c.file, "package p; "+c.body, 0)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(faults(source{path.Dir(c.file), path.Base(c.file), file, fset}), "\n")
			if c.want == none && got != none {
				t.Errorf("found %q, want nothing", got)
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}
