package mutants

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// Operators are the changes that are made, each with what it does.
var Operators = map[string]string{
	"negate":   "a condition is the opposite",
	"bound":    "< and <=, > and >= are exchanged",
	"and-or":   "&& and || are exchanged",
	"plus":     "+ and - of integers are exchanged",
	"number":   "an integer is one more",
	"text":     "a string that is compared is another one",
	"bool":     "true and false are exchanged",
	"drop":     "a statement is left out",
	"case":     "a case of a switch never holds",
	"return":   "a function returns zero values at once",
	"zero":     "a result is the zero value of its type",
	"continue": "break and continue are exchanged",
}

// A finder walks one file and notes its mutants with the edits that make them possible.
type finder struct {
	file    *file
	number  func(Mutant) int // takes a mutant and gives it a number
	edits   []edit
	parents []ast.Node
}

func (f *finder) edit(e edit) {
	e.order = len(f.edits)
	f.edits = append(f.edits, e)
}

// find notes every mutant of the file.
func (f *finder) find() {
	for _, d := range f.file.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		f.body(fn.Type, fn.Body)
		ast.Inspect(fn.Body, f.visit)
	}
}

func (f *finder) visit(n ast.Node) bool {
	if n == nil {
		f.parents = f.parents[:len(f.parents)-1]
		return true
	}
	switch n := n.(type) {
	case *ast.GenDecl: // constants and types; a variable's value is none of the operators' business
		return false
	case *ast.ArrayType: // its length is a constant
		return false
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.BasicLit:
		f.literal(n)
	case *ast.Ident:
		f.boolean(n)
	case *ast.IfStmt:
		f.condition(n.Cond)
	case *ast.ForStmt:
		f.condition(n.Cond)
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.caseClause(n)
		f.statements(n.Body)
	case *ast.CommClause:
		f.statements(n.Body)
	case *ast.ReturnStmt:
		f.results(n)
	case *ast.BranchStmt:
		f.branch(n)
	}
	f.parents = append(f.parents, n)
	return true
}

// add notes a mutant at a node. Its edits are a group of their own.
func (f *finder) add(operator string, n ast.Node) int { return f.addTo(0, operator, n) }

// addTo notes a mutant whose edits are those of another one.
func (f *finder) addTo(group int, operator string, n ast.Node) int {
	m := f.file.mutant(operator, n)
	m.group = group
	return f.number(m)
}

// wrap puts text around a node, for a mutant.
func (f *finder) wrap(group int, n ast.Node, before, after string) {
	from, to := f.file.offset(n.Pos()), f.file.offset(n.End())
	f.edit(edit{at: from, insert: before, outer: to - from, group: group})
	f.edit(edit{at: to, insert: after, outer: to - from, closes: true, group: group})
}

// xor puts the opposite of a condition in its place.
func (f *finder) xor(group int, n ast.Node) {
	f.wrap(group, n, "((", fmt.Sprintf(") != mutant.Is(%d))", group))
}

// isBool reports whether an expression has the predeclared type bool, or is untyped.
func (f *finder) isBool(e ast.Expr) bool {
	b, ok := f.file.typeOf(e).(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

// orders are the helpers for comparisons that have a bound.
var orders = map[token.Token]string{token.LSS: "Less", token.LEQ: "AtMost", token.GTR: "More", token.GEQ: "AtLeast"}

func (f *finder) binary(n *ast.BinaryExpr) {
	if f.file.isConstant(n) || !f.isBool(n) && n.Op != token.ADD && n.Op != token.SUB {
		return
	}
	switch n.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		bound := f.add("bound", n)
		negate := f.addTo(bound, "negate", n)
		f.wrap(bound, n, fmt.Sprintf("mutant.%s(%d, %d, ", orders[n.Op], bound, negate), ")")
		f.edit(edit{at: f.file.offset(n.OpPos), insert: ",", remove: len(n.Op.String()), group: bound})
	case token.EQL, token.NEQ:
		f.xor(f.add("negate", n), n)
	case token.LAND, token.LOR:
		// De Morgan: with m, !(!a && !b) is a || b, with the same evaluation.
		m := f.add("and-or", n)
		f.xor(m, n)
		f.xor(m, n.X)
		f.xor(m, n.Y)
	case token.ADD, token.SUB:
		if t := f.basic(n, types.IsInteger); t != "" && isPlain(n) {
			other := map[token.Token]string{token.ADD: "-", token.SUB: "+"}[n.Op]
			text := f.file.text(n.X) + other + "(" + f.file.text(n.Y) + ")"
			m := f.add("plus", n)
			f.wrap(m, n, fmt.Sprintf("mutant.Pick[%s](%d, %s, ", t, m, text), ")")
		}
	}
}

// isPlain reports whether an expression may be evaluated twice: it calls nothing but len.
func isPlain(e ast.Expr) bool {
	plain := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			id, ok := n.Fun.(*ast.Ident)
			plain = plain && ok && id.Name == "len"
		case *ast.FuncLit:
			plain = false
		}
		return plain
	})
	return plain
}

// basic is the name of an expression's type where it is predeclared and of a kind, and
// "" where it is not.
func (f *finder) basic(e ast.Expr, kind types.BasicInfo) string {
	b, ok := f.file.typeOf(e).(*types.Basic)
	if !ok || b.Info()&kind == 0 || b.Info()&types.IsUntyped != 0 {
		return ""
	}
	return b.Name()
}

func (f *finder) literal(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT, token.CHAR:
		if t := f.basic(n, types.IsInteger); t != "" {
			m := f.add("number", n)
			f.wrap(m, n, fmt.Sprintf("mutant.Next[%s](%d, ", t, m), ")")
		}
	case token.STRING:
		if f.compared(n) {
			f.alter(n)
		}
	}
}

// compared reports whether a literal is an operand of a comparison or a value of a case.
func (f *finder) compared(n ast.Expr) bool {
	switch p := f.parent(0).(type) {
	case *ast.BinaryExpr:
		return p.Op == token.EQL || p.Op == token.NEQ
	case *ast.CaseClause:
		return slices.Contains(p.List, n)
	}
	return false
}

// alter makes another string of a literal, whose type must be one that can be named here.
func (f *finder) alter(n *ast.BasicLit) {
	if t := f.file.typeName(n); t != "" && n.Value != `""` {
		m := f.add("text", n)
		f.wrap(m, n, fmt.Sprintf("mutant.Other[%s](%d, ", t, m), ")")
	}
}

func (f *finder) parent(up int) ast.Node {
	if i := len(f.parents) - 1 - up; i >= 0 {
		return f.parents[i]
	}
	return nil
}

func (f *finder) boolean(n *ast.Ident) {
	if (n.Name == "true" || n.Name == "false") && f.file.isConstant(n) && f.basic(n, types.IsBoolean) != "" {
		f.xor(f.add("bool", n), n)
	}
}

// condition negates what is no comparison; a comparison is negated by itself.
func (f *finder) condition(e ast.Expr) {
	if e == nil || !f.isBool(e) || f.file.isConstant(e) {
		return
	}
	if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && b.Op != token.LAND && b.Op != token.LOR {
		return
	}
	f.xor(f.add("negate", e), e)
}

// caseClause lets a case of a switch without a tag never hold.
func (f *finder) caseClause(n *ast.CaseClause) {
	block, _ := f.parent(0).(*ast.BlockStmt)
	s, ok := f.parent(1).(*ast.SwitchStmt)
	if !ok || s.Body != block || s.Tag != nil {
		return
	}
	for _, e := range n.List {
		if f.isBool(e) && !f.file.isConstant(e) {
			m := f.add("case", e)
			f.wrap(m, e, fmt.Sprintf("(!mutant.Is(%d) && (", m), "))")
		}
	}
}

// statements lets statements be left out.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); !ok || isPanic(call) {
				continue
			}
		case *ast.IncDecStmt:
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE || isBlank(s) {
				continue
			}
		default:
			continue
		}
		m := f.add("drop", s)
		f.wrap(m, s, fmt.Sprintf("if !mutant.Is(%d) { ", m), " }")
	}
}

func isPanic(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == "panic"
}

func isBlank(s *ast.AssignStmt) bool {
	return !slices.ContainsFunc(s.Lhs, func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)
		return !ok || id.Name != "_"
	})
}

// body lets a function return at once.
func (f *finder) body(t *ast.FuncType, body *ast.BlockStmt) {
	if len(body.List) == 0 {
		return
	}
	if r, ok := body.List[0].(*ast.ReturnStmt); ok && len(r.Results) == 1 && t.Results.NumFields() == 1 {
		return // the zero operator does the same
	}
	values := ""
	for i, r := range resultTypes(t) {
		if i > 0 {
			values += ", "
		}
		values += "*new(" + f.file.text(r) + ")"
	}
	m := f.add("return", body)
	f.edit(edit{at: f.file.offset(body.Lbrace) + 1, insert: fmt.Sprintf(" if mutant.Is(%d) { return %s }; ", m, values), closes: true, group: m})
}

// resultTypes are the types of a function's results, one for each.
func resultTypes(t *ast.FuncType) (list []ast.Expr) {
	if t.Results == nil {
		return nil
	}
	for _, field := range t.Results.List {
		for range max(1, len(field.Names)) {
			list = append(list, field.Type)
		}
	}
	return list
}

// results lets each result of a return statement be the zero value.
func (f *finder) results(n *ast.ReturnStmt) {
	wanted := resultTypes(f.signature())
	if len(n.Results) != len(wanted) {
		return // none, or those of one call
	}
	for i, r := range n.Results {
		if f.isZero(r) {
			continue
		}
		m := f.add("zero", r)
		f.wrap(m, r, fmt.Sprintf("mutant.Zero[%s](%d, ", f.file.text(wanted[i]), m), ")")
	}
}

// isZero reports whether an expression is a zero value, or a boolean that the other
// operators take care of.
func (f *finder) isZero(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	case *ast.BasicLit:
		return e.Value == "0" || e.Value == `""`
	case *ast.CompositeLit:
		return len(e.Elts) == 0
	case *ast.BinaryExpr:
		return f.isBool(e)
	}
	return false
}

// signature is that of the function around the node that is visited.
func (f *finder) signature() *ast.FuncType {
	for i := len(f.parents) - 1; i >= 0; i-- {
		if lit, ok := f.parents[i].(*ast.FuncLit); ok {
			return lit.Type
		}
	}
	return f.file.function(f.parents[0].Pos()).Type
}

// branch exchanges break and continue where both mean the same loop.
func (f *finder) branch(n *ast.BranchStmt) {
	if n.Label != nil || n.Tok != token.BREAK && n.Tok != token.CONTINUE {
		return
	}
	for i := len(f.parents) - 1; i >= 0; i-- {
		switch p := f.parents[i].(type) {
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.FuncLit:
			return
		case *ast.ForStmt:
			if p.Cond == nil {
				return // without a break, what follows the loop is no code
			}
			f.exchange(n)
			return
		case *ast.RangeStmt:
			f.exchange(n)
			return
		}
	}
}

func (f *finder) exchange(n *ast.BranchStmt) {
	other := map[token.Token]token.Token{token.BREAK: token.CONTINUE, token.CONTINUE: token.BREAK}[n.Tok]
	m := f.add("continue", n)
	f.wrap(m, n, fmt.Sprintf("{ if mutant.Is(%d) { %s }; ", m, other), " }")
}
