// Command generate writes src/vindex/data/root-collation.bin.gz: what the unicode_loose vindexes need of CLDR 23's root
// collation, taken from the tables of golang.org/x/text/collate and the properties of golang.org/x/text/unicode/norm.
//
// A collation element is kept as its primary weight (21 bits) and canonical combining class (8 bits); lower levels
// are dropped. The file, before gzip, is little-endian: "SGCOLL1\n", seven uint32 lengths, then the arrays in this
// order (see src/vindex/collation-data.ts, which reads it):
//
//	blocks    uint16[]  number of the 64-entry block of each 64 code points
//	entries   uint32[]  one a code point, blocks stored once each
//	pool      uint32[]  elements of expansions
//	states    uint32[]  nodes of the contraction tries: low, high, next, index, one byte each
//	results   uint32[]  entries that contractions yield
//	marks     uint32[]  pairs: code point and leading non-starters << 24; leading and trailing class
//	ranges    uint32[]  pairs: first and last code point that are ideographic
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	_ "golang.org/x/text/collate" // the module whose tables are read
	"golang.org/x/text/unicode/norm"
)

// Kinds of an entry, in its upper bits. 0 is a code point without an entry: its weight is implicit.
const (
	kindElement     = 1 << 29 // class << 21 | primary
	kindExpansion   = 1 << 30 // length << 20 | position in the pool
	kindContraction = 1 << 31 // as in the module: offset << 16 | index << 4 | n
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "", "file to write")
	flag.Parse()
	g := &generator{tables: readTables(), poolAt: map[string]uint32{}}
	g.build()
	if err := os.WriteFile(*out, compress(g.encode()), 0o644); err != nil {
		log.Fatal(err)
	}
}

// tables are the module's unexported arrays, and where the root locale's part begins.
type tables struct {
	expand, contract, values, lookup []uint32
	states                           [][]uint32
	lookupOffset, valuesOffset       int
}

func readTables() *tables {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/text").Output()
	if err != nil {
		log.Fatal("go list: ", err)
	}
	path := filepath.Join(strings.TrimSpace(string(dir)), "collate", "tables.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		log.Fatal(err)
	}
	arrays := map[string]*ast.CompositeLit{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.CompositeLit); ok {
				arrays[spec.Names[0].Name] = literal
			}
		}
		return true
	})
	t := &tables{
		expand:   numbers(arrays["mainExpandElem"]),
		contract: numbers(arrays["mainContractElem"]),
		values:   numbers(arrays["mainValues"]),
		lookup:   numbers(arrays["mainLookup"]),
	}
	for _, element := range arrays["mainCTEntries"].Elts {
		t.states = append(t.states, numbers(element.(*ast.CompositeLit)))
	}
	root := numbers(arrays["locales"].Elts[0].(*ast.CompositeLit)) // "und" comes first
	t.lookupOffset, t.valuesOffset = int(root[0])*64, int(root[1])*64
	return t
}

// numbers are the values of an array literal; keys such as 0x5: tell where a value stands.
func numbers(literal *ast.CompositeLit) []uint32 {
	var values []uint32
	for _, element := range literal.Elts {
		at := len(values)
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.BasicLit); ok {
				at = int(number(key))
			}
			element = pair.Value
		}
		for len(values) <= at {
			values = append(values, 0)
		}
		values[at] = number(element.(*ast.BasicLit))
	}
	if array, ok := literal.Type.(*ast.ArrayType); ok {
		if length, ok := array.Len.(*ast.BasicLit); ok {
			for len(values) < int(number(length)) {
				values = append(values, 0)
			}
		}
	}
	return values
}

func number(literal *ast.BasicLit) uint32 {
	n, err := strconv.ParseUint(literal.Value, 0, 32)
	if err != nil {
		log.Fatal(err)
	}
	return uint32(n)
}

// element is the collation element of a rune in the module's own form; 0 has an implicit weight.
func (t *tables) element(r rune) uint32 {
	s := []byte(string(r))
	if len(s) == 1 {
		return t.values[t.valuesOffset+int(s[0])]
	}
	block := t.lookup[t.lookupOffset+int(s[0])]
	for _, b := range s[1 : len(s)-1] {
		block = t.lookup[int(block)<<6+int(b)]
	}
	return t.values[int(block)<<6+int(s[len(s)-1])]
}

type generator struct {
	*tables
	blocks, entries, pool, statesOut, results, marks, ranges []uint32
	poolAt                                                   map[string]uint32
}

func (g *generator) build() {
	g.statesOut = make([]uint32, len(g.states))
	g.results = make([]uint32, len(g.contract))
	blockAt := map[string]uint32{}
	for first := rune(0); first <= unicode.MaxRune; first += 64 {
		block := make([]uint32, 64)
		for i := range block {
			if r := first + rune(i); r < 0xD800 || r > 0xDFFF {
				block[i] = g.entry(r)
			}
		}
		key := fmt.Sprint(block)
		if _, ok := blockAt[key]; !ok {
			blockAt[key] = uint32(len(g.entries) / 64)
			g.entries = append(g.entries, block...)
		}
		g.blocks = append(g.blocks, blockAt[key])
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		g.addMark(r)
	}
	for _, r := range unicode.Ideographic.R16 {
		g.addRange(uint32(r.Lo), uint32(r.Hi), uint32(r.Stride))
	}
	for _, r := range unicode.Ideographic.R32 {
		g.addRange(r.Lo, r.Hi, r.Stride)
	}
}

func (g *generator) entry(r rune) uint32 {
	ce := g.element(r)
	switch {
	case ce == 0:
		return 0
	case ce > 0xEFFFFFFF:
		return g.expansion(g.decomposed(r))
	case ce > 0xAFFFFFFF && ce <= 0xDFFFFFFF:
		n, index, offset := ce&0xF, ce>>4&0xFFF, ce>>16&0x1FFF
		g.keepContraction(int(index), int(n), offset)
		return kindContraction | offset<<16 | index<<4 | n
	default:
		return g.entryOf(ce)
	}
}

// entryOf is the entry of a single element or an expansion.
func (g *generator) entryOf(ce uint32) uint32 {
	if ce <= 0xAFFFFFFF {
		return kindElement | reduced(ce)
	}
	if ce <= 0xDFFFFFFF || ce > 0xEFFFFFFF {
		log.Fatalf("element %x is neither single nor an expansion", ce)
	}
	return g.expansion(g.elements(ce))
}

// elements are the reduced elements of a single element or an expansion.
func (g *generator) elements(ce uint32) []uint32 {
	if ce <= 0xAFFFFFFF {
		return []uint32{reduced(ce)}
	}
	at := ce & 0xFFFF
	var list []uint32
	for _, ce := range g.expand[at+1 : at+1+g.expand[at]] {
		list = append(list, reduced(ce))
	}
	return list
}

// decomposed are the elements of a rune that stands for its compatibility decomposition.
func (g *generator) decomposed(r rune) []uint32 {
	return g.sequence(norm.NFKD.PropertiesString(string(r)).Decomposition())
}

// sequence are the elements of a text without Hangul syllables.
func (g *generator) sequence(text []byte) []uint32 {
	var list []uint32
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		ce := g.element(r)
		switch {
		case ce == 0 && r >= 0xAC00 && r <= 0xD7A3:
			log.Fatalf("a decomposition holds the Hangul syllable %U", r)
		case ce == 0:
			list = append(list, uint32(implicit(r)))
		case ce > 0xEFFFFFFF:
			list = append(list, g.decomposed(r)...)
		case ce > 0xAFFFFFFF && ce <= 0xDFFFFFFF:
			elements, size := g.contraction(ce, text)
			list = append(list, elements...)
			text = text[size:]
		default:
			list = append(list, g.elements(ce)...)
		}
	}
	return list
}

// contraction matches what follows a rune that may begin one: the elements and the bytes taken. Marks of a lower class
// than the last one matched may stand between its runes; their elements come behind.
func (g *generator) contraction(ce uint32, text []byte) ([]uint32, int) {
	s := scanner{states: g.states, first: int(ce >> 4 & 0xFFF), n: int(ce & 0xF), text: text}
	p := s.scan(0)
	var skipped, between []byte
	if !s.done && p < len(text) {
		from := p
		mark := norm.NFD.Properties(text[p:])
		p += mark.Size()
		class := mark.TrailCCC()
		for mark.LeadCCC() != 0 && p < len(text) && !s.done {
			next := norm.NFD.Properties(text[p:])
			if next.LeadCCC() == 0 || class >= next.LeadCCC() {
				break
			}
			class = next.TrailCCC()
			if end := s.scan(p); end != p {
				skipped = append(skipped, text[from:p]...)
				if s.size == end {
					between = skipped
				}
				p, from = end, end
			} else {
				p += next.Size()
			}
		}
	}
	list := g.elements(g.tables.contract[ce>>16&0x1FFF+s.result])
	return append(list, g.sequence(between)...), s.size
}

// scanner walks a contraction trie, as the module's ctScanner does.
type scanner struct {
	states   [][]uint32
	first, n int
	text     []byte
	result   uint32
	size     int // bytes up to the end of the longest match
	done     bool
}

// scan goes on at p; it returns the end of the last whole rune on the way.
func (s *scanner) scan(p int) int {
	end, first, n := p, s.first, s.n
	for i := 0; i < n && p < len(s.text); {
		low, high, next, result := s.states[first+i][0], s.states[first+i][1], s.states[first+i][2], s.states[first+i][3]
		c := uint32(s.text[p])
		switch {
		case c == low:
			p++
			if result != 0xFF {
				s.result, s.size = result, p
			}
			if next == 0 {
				s.done = true
				return p
			}
			first, n, i = first+int(high)+n, int(next), 0
			if p >= len(s.text) || utf8.RuneStart(s.text[p]) {
				s.first, s.n, end = first, n, p
			}
		case next == 0 && c > low && c <= high:
			p++
			s.done, s.result, s.size = true, c-low+result, p
			return p
		default:
			i++
		}
	}
	return end
}

// implicit is the weight of a rune without an entry, as src/vindex/collation.ts computes it.
func implicit(r rune) int {
	if !unicode.Is(unicode.Ideographic, r) {
		return int(r) + 0x50000
	}
	if r >= 0x4E00 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF {
		return int(r) + 0x10000
	}
	return int(r) + 0x20000
}

// reduced is class << 21 | primary of an element. Sources: colltab.Elem's CCC and Primary.
func reduced(ce uint32) uint32 {
	if ce < 0x80000000 {
		return ce & 0x3FFFFE00 >> 9
	}
	if ce <= 0xA0000000 {
		class, primary := ce>>16&0xFF, ce&0xFFFF
		if ce == 0xA0000000 {
			class = ce >> 20 & 0xFF
		}
		return class<<21 | primary
	}
	return ce >> 20 & 0xFF << 21
}

// expansion is the entry of a list of elements. When none has a combining class, those without a primary weight
// can be left out: they neither yield bytes nor take part in reordering.
func (g *generator) expansion(list []uint32) uint32 {
	var weights []uint32
	for _, e := range list {
		if e>>21 != 0 {
			weights = list
			break
		}
		if e != 0 {
			weights = append(weights, e)
		}
	}
	if len(weights) == 0 {
		weights = []uint32{0}
	}
	if len(weights) == 1 {
		return kindElement | weights[0]
	}
	key := fmt.Sprint(weights)
	if _, ok := g.poolAt[key]; !ok {
		g.poolAt[key] = uint32(len(g.pool))
		g.pool = append(g.pool, weights...)
	}
	return kindExpansion | uint32(len(weights))<<20 | g.poolAt[key]
}

// keepContraction copies what a root contraction reaches of the tries; the other locales' parts stay zero.
func (g *generator) keepContraction(index, n int, offset uint32) {
	g.keepResult(offset)
	for i := index; i < index+n; i++ {
		s := g.states[i]
		low, high, next, result := s[0], s[1], s[2], s[3]
		g.statesOut[i] = low | high<<8 | next<<16 | result<<24
		if next == 0 { // the last byte, from low to high, or low alone
			for b := low; b <= max(low, high) && result != 0xFF; b++ {
				g.keepResult(offset + result + b - low)
			}
			continue
		}
		if result != 0xFF {
			g.keepResult(offset + result)
		}
		g.keepContraction(index+int(high)+n, int(next), offset)
	}
}

func (g *generator) keepResult(at uint32) {
	g.results[at] = g.entryOf(g.contract[at])
}

// addMark records a rune that normalisation may move. The number of leading non-starters is not exported: it shows in
// how many repetitions fit the limit of 30.
func (g *generator) addMark(r rune) {
	if r >= 0xD800 && r <= 0xDFFF {
		return
	}
	s := string(r)
	p := norm.NFD.PropertiesString(s)
	leading := uint32(0)
	if fit := norm.NFD.FirstBoundaryInString(strings.Repeat(s, 40)) / len(s); fit > 0 {
		leading = uint32(30 / fit)
	}
	if leading == 0 && p.LeadCCC() == 0 {
		return
	}
	g.marks = append(g.marks, uint32(r)|leading<<24, uint32(p.LeadCCC())|uint32(p.TrailCCC())<<8)
}

func (g *generator) addRange(low, high, stride uint32) {
	if stride == 1 {
		g.ranges = append(g.ranges, low, high)
		return
	}
	for r := low; r <= high; r += stride {
		g.ranges = append(g.ranges, r, r)
	}
}

func (g *generator) encode() []byte {
	var out bytes.Buffer
	out.WriteString("SGCOLL1\n")
	arrays := [][]uint32{g.blocks, g.entries, g.pool, g.statesOut, g.results, g.marks, g.ranges}
	for _, array := range arrays {
		binary.Write(&out, binary.LittleEndian, uint32(len(array)))
	}
	for _, block := range g.blocks {
		binary.Write(&out, binary.LittleEndian, uint16(block))
	}
	for _, array := range arrays[1:] {
		binary.Write(&out, binary.LittleEndian, array)
	}
	return out.Bytes()
}

func compress(data []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	w.Write(data)
	w.Close()
	return out.Bytes()
}
