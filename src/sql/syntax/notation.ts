import { isKeyword } from '../keywords.ts'
import type { Word } from '../lexer.ts'
import type { TokenStream } from '../parser/token-stream.ts'

/**
 * Grammar rules as text, in the notation of MySQL's manual, compiled to matchers.
 *
 *     drop_user = DROP USER [IF EXISTS] user#
 *
 * WORD: that word without quotes; name: another rule or a terminal; `( ) , = . : ; - + *` and what stands in quotes:
 * that operator; `[x]`: x or nothing; `{x | y}`: one of them; `x*`, `x+`: x again and again; `x#`: x's separated by
 * commas. An operator `*` stands in quotes. `~x`: x, which the grammar takes and the server refuses by itself: a
 * statement that fits and has it is wrong from x on. `%x`: x, which MySQL does not have: where it does not fit, none of
 * its tokens is told. A rule goes on in the lines below it that are indented.
 *
 * Alternatives and options are tried in order and the first that fits is taken, so the longer one comes first. The
 * grammars have no left recursion. What no alternative can take is told by the farthest token that any of them wanted
 * to be different: where MySQL's own parser, which sees an error at the first wrong token, finds it.
 */
export type Rules = ReadonlyMap<string, Matcher>

/** Takes tokens and tells whether it found what it looks for; where it did not, `p.pos` is where it was. */
export type Matcher = (p: TokenStream, reach: Reach) => boolean

/** What a match learns besides its result. */
export interface Reach {
  /** Number of the farthest token that did not fit. */
  farthest: number
  /** Number of the first token of the first `~x` in what fits. */
  refused?: number | undefined
}

/**
 * A rule that is written in TypeScript. Where it does not fit it leaves `p` at the token that should be different, or
 * throws MySQL's error 1064 itself.
 */
export type Terminal = (p: TokenStream, reach: Reach) => boolean

/** Compiles rules; throws Error for a mistake in them. */
export function compileRules(text: string, terminals: Readonly<Record<string, Terminal>>): Rules {
  const rules = new Map<string, Matcher>()
  const wanted = new Set<string>()
  const find = (name: string): Matcher => {
    const terminal = terminals[name]
    if (terminal !== undefined) return fromTerminal(terminal)
    wanted.add(name)
    return (p, reach) => {
      p.enter()
      const fits = (rules.get(name) as Matcher)(p, reach)
      p.leave()
      return fits
    }
  }
  for (const [name, body] of splitRules(text)) {
    if (rules.has(name) || name in terminals) throw new Error(`rule ${name} is there twice`)
    rules.set(name, new RuleReader(name, body, find).read())
  }
  for (const name of wanted) if (!rules.has(name)) throw new Error(`there is no rule ${name}`)
  return rules
}

function splitRules(text: string): [name: string, body: string][] {
  return text
    .split(/\n(?=\S)/)
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '')
    .map((rule) => {
      const found = /^([a-z][a-z0-9_]*) =\s([\s\S]*)$/.exec(rule)
      if (found === null) throw new Error(`not a rule: ${rule}`)
      return [found[1], found[2]]
    })
}

const symbol = /\s*(?:([A-Z][A-Z0-9_]*)|([a-z][a-z0-9_]*)|'([^']+)'|([[\]{}|*+#~%])|([(),=.:;@-]))/y

/** Reads one rule's body by recursive descent. */
class RuleReader {
  readonly #name: string
  readonly #body: string
  readonly #find: (name: string) => Matcher
  #at = 0
  /** The current symbol, as text, and what it is. */
  #text = ''
  #kind: 'word' | 'name' | 'operator' | 'sign' | 'end' = 'end'

  constructor(name: string, body: string, find: (name: string) => Matcher) {
    this.#name = name
    this.#body = body
    this.#find = find
    this.#advance()
  }

  read(): Matcher {
    const matcher = this.#choice()
    if (this.#kind !== 'end') this.#fail()
    return matcher
  }

  #fail(): never {
    throw new Error(`rule ${this.#name}: unexpected ${this.#text || 'end'} before offset ${this.#at}`)
  }

  #advance(): void {
    symbol.lastIndex = this.#at
    const found = symbol.exec(this.#body)
    if (found === null) {
      if (this.#body.slice(this.#at).trim() !== '') this.#fail()
      this.#kind = 'end'
      this.#text = ''
      return
    }
    this.#at = symbol.lastIndex
    const [, word, name, quoted, sign, operator] = found
    this.#text = word ?? name ?? quoted ?? sign ?? operator
    this.#kind = word ? 'word' : name ? 'name' : sign ? 'sign' : 'operator'
  }

  #isSign(text: string): boolean {
    return this.#kind === 'sign' && this.#text === text
  }

  #choice(): Matcher {
    const alternatives = [this.#sequence()]
    while (this.#isSign('|')) {
      this.#advance()
      alternatives.push(this.#sequence())
    }
    return alternatives.length === 1 ? alternatives[0] : choice(alternatives)
  }

  #sequence(): Matcher {
    const parts = [this.#repeated()]
    while (this.#kind !== 'end' && !this.#isSign('|') && !this.#isSign('}') && !this.#isSign(']'))
      parts.push(this.#repeated())
    return parts.length === 1 ? parts[0] : sequence(parts)
  }

  #repeated(): Matcher {
    let matcher = this.#single()
    for (;;) {
      if (this.#isSign('*')) matcher = anyNumber(matcher)
      else if (this.#isSign('+')) matcher = sequence([matcher, anyNumber(matcher)])
      else if (this.#isSign('#')) matcher = sequence([matcher, anyNumber(sequence([word(','), matcher]))])
      else return matcher
      this.#advance()
    }
  }

  #single(): Matcher {
    const text = this.#text
    switch (this.#kind) {
      case 'word':
      case 'operator':
        this.#advance()
        return isKeyword(text) || !/^[A-Z]/.test(text) ? word(text as Word) : unknownWord(text)
      case 'name':
        this.#advance()
        return this.#find(text)
      default:
        return this.#group()
    }
  }

  #group(): Matcher {
    if (this.#isSign('~') || this.#isSign('%')) {
      const mark = this.#isSign('~') ? refused : foreign
      this.#advance()
      return mark(this.#single())
    }
    const isOption = this.#isSign('[')
    if (!isOption && !this.#isSign('{')) this.#fail()
    this.#advance()
    const matcher = this.#choice()
    if (!this.#isSign(isOption ? ']' : '}')) this.#fail()
    this.#advance()
    return isOption ? optional(matcher) : matcher
  }
}

function missed(p: TokenStream, reach: Reach): false {
  if (p.pos > reach.farthest) reach.farthest = p.pos
  return false
}

function word(wanted: Word): Matcher {
  if (takingHints.has(wanted)) return hinted(wanted)
  return (p, reach) => p.accept(wanted) || missed(p, reach)
}

/** Behind these the lexer reads optimizer hints. */
const takingHints: ReadonlySet<Word> = new Set<Word>(['SELECT', 'INSERT', 'REPLACE', 'UPDATE', 'DELETE'])

/** A word with the optimizer hints that may stand behind it, whatever the statement. */
function hinted(wanted: Word): Matcher {
  return (p, reach) => {
    if (!p.accept(wanted)) return missed(p, reach)
    if (p.type === 'Hint') p.advance()
    return true
  }
}

/** A word that the lexer does not know as a keyword. */
function unknownWord(wanted: string): Matcher {
  return (p, reach) => {
    if (p.type !== 'Ident' || p.text.toUpperCase() !== wanted) return missed(p, reach)
    p.advance()
    return true
  }
}

function fromTerminal(terminal: Terminal): Matcher {
  return (p, reach) => {
    const { pos } = p
    if (terminal(p, reach)) return true
    missed(p, reach)
    p.pos = pos
    return false
  }
}

function refused(matcher: Matcher): Matcher {
  return (p, reach) => {
    const { pos } = p
    if (!matcher(p, reach)) return false
    reach.refused ??= pos
    return true
  }
}

function foreign(matcher: Matcher): Matcher {
  return (p) => matcher(p, { farthest: p.pos })
}

function sequence(parts: readonly Matcher[]): Matcher {
  return (p, reach) => {
    const { pos } = p
    const { refused } = reach
    for (const part of parts) {
      if (part(p, reach)) continue
      p.pos = pos
      reach.refused = refused
      return false
    }
    return true
  }
}

function choice(alternatives: readonly Matcher[]): Matcher {
  return (p, reach) => {
    for (const alternative of alternatives) if (alternative(p, reach)) return true
    return false
  }
}

function optional(matcher: Matcher): Matcher {
  return (p, reach) => matcher(p, reach) || true
}

/** Ends when nothing was taken, too. */
function anyNumber(matcher: Matcher): Matcher {
  return (p, reach) => {
    for (let from = p.pos; matcher(p, reach) && p.pos > from; ) from = p.pos
    return true
  }
}
