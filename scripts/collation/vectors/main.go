// Command vectors writes random texts and what golang.org/x/text/collate makes of them, one a line: the text's bytes and
// the primary part of its sort key in the root collation, both in hex. For bytes that are not UTF-8 the key is "error".
// Trailing spaces are cut before, as the unicode_loose vindexes do.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

func main() {
	count := flag.Int("n", 100_000, "number of texts")
	seed := flag.Int64("seed", 1, "seed of the random texts")
	longest := flag.Int("longest", 40, "most characters of a text")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	g := newTexts(*seed, *longest)
	collator := collate.New(language.Und, collate.Loose)
	var buffer collate.Buffer
	for i := 0; i < *count; i++ {
		text := g.next()
		if !utf8.Valid(text) {
			fmt.Fprintf(out, "%x error\n", text)
			continue
		}
		buffer.Reset()
		fmt.Fprintf(out, "%x %x\n", text, collator.Key(&buffer, bytes.TrimRight(text, " ")))
	}
}

type texts struct {
	*rand.Rand
	longest int
	scripts [][]rune
	marks   []rune
}

func newTexts(seed int64, longest int) *texts {
	g := &texts{Rand: rand.New(rand.NewSource(seed)), longest: longest}
	names := []string{}
	for name := range unicode.Scripts {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		g.scripts = append(g.scripts, members(unicode.Scripts[name]))
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if utf8.ValidRune(r) && norm.NFD.PropertiesString(string(r)).LeadCCC() != 0 {
			g.marks = append(g.marks, r)
		}
	}
	return g
}

func (g *texts) next() []byte {
	var text strings.Builder
	script := g.scripts[g.Intn(len(g.scripts))]
	for length := g.Intn(g.longest + 1); length > 0; length-- {
		if g.Intn(12) == 0 {
			script = g.scripts[g.Intn(len(g.scripts))]
		}
		text.WriteRune(g.character(script))
		if g.Intn(6) == 0 {
			g.writeMarks(&text, g.Intn(4))
		}
		if g.Intn(12) == 0 {
			g.writeContraction(&text)
		}
	}
	s := text.String()
	switch g.Intn(12) {
	case 0, 1:
		s = norm.NFD.String(s)
	case 2:
		s = norm.NFKC.String(s)
	case 3:
		s += "   "
	case 4: // more marks than are ordered at once
		var marks strings.Builder
		g.writeMarks(&marks, g.Intn(g.longest+1))
		s += marks.String()
	case 5:
		cut := []byte(s)
		if len(cut) > 0 {
			cut[g.Intn(len(cut))] ^= byte(1 << g.Intn(8)) // often not UTF-8 any more
		}
		return cut
	}
	return []byte(s)
}

// Beginnings and ends of contractions whose ends are marks.
var contractions = []struct{ firsts, seconds []rune }{
	{[]rune("\u0415\u0435"), []rune("\u0306\u0308")},
	{[]rune("\u0418\u0438"), []rune("\u0306\u0308")},
	{[]rune("\u0423\u0443"), []rune("\u030b\u0308\u0306")},
	{[]rune("\u0413\u0433\u041a\u043a"), []rune("\u0301\u0341")},
	{[]rune("\u0627\u0648\u064a"), []rune("\u0653\u0654\u0655")},
	{[]rune("\u0cc6\u0cca\u0dd9\u0ddc"), []rune("\u0cc2\u0cd5\u0cd6\u0dca\u0dcf")},
	{[]rune("\u0f71\u0fb2\u0fb3"), []rune("\u0f71\u0f72\u0f74\u0f80\u0f81")},
	{[]rune("\u0e40\u0e4d\u0ec4\u0ecd"), []rune("\u0e01\u0e32\u0eb2\u0e82")},
	{[]rune("\u1b05\u0c46\u1025\U00011131"), []rune("\u1b35\u0c56\u102e\U00011127")},
}

// writeContraction writes a contraction with other marks in between: some let it match, some do not.
func (g *texts) writeContraction(text *strings.Builder) {
	c := contractions[g.Intn(len(contractions))]
	text.WriteRune(c.firsts[g.Intn(len(c.firsts))])
	for ends := 1 + g.Intn(3); ends > 0; ends-- {
		g.writeMarks(text, g.Intn(3))
		text.WriteRune(c.seconds[g.Intn(len(c.seconds))])
	}
	if g.Intn(8) == 0 {
		g.writeMarks(text, g.Intn(g.longest+1))
		text.WriteRune(c.seconds[g.Intn(len(c.seconds))])
	}
}

func (g *texts) writeMarks(text *strings.Builder, count int) {
	for ; count > 0; count-- {
		text.WriteRune(g.marks[g.Intn(len(g.marks))])
	}
}

func (g *texts) character(script []rune) rune {
	switch g.Intn(30) {
	case 0: // any code point, assigned or not
		for {
			if r := rune(g.Intn(unicode.MaxRune + 1)); utf8.ValidRune(r) {
				return r
			}
		}
	case 1:
		return rune(g.Intn(0x80))
	case 2: // characters of contractions between Latin letters
		return []rune("lL·\u0387\u0140\u013f")[g.Intn(6)]
	}
	return script[g.Intn(len(script))]
}

func members(table *unicode.RangeTable) []rune {
	var list []rune
	for _, r := range table.R16 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			list = append(list, c)
		}
	}
	for _, r := range table.R32 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			list = append(list, c)
		}
	}
	return list
}
