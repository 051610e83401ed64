import type { Param } from '../../support/protocol-client.ts'

/**
 * A piece of a statement that knows how it may become smaller: the grammar builds statements of these, the printer joins
 * their texts, and shrinking takes pieces away without knowing any SQL.
 */
export type Fragment = string | Sequence | Optional | List | Choice | Literal

interface Sequence {
  readonly kind: 'sequence'
  readonly parts: readonly Fragment[]
}

/** May be left out. */
interface Optional {
  readonly kind: 'optional'
  readonly of: Fragment
}

/** Items may be left out as long as `least` of them stay. */
interface List {
  readonly kind: 'list'
  readonly items: readonly Fragment[]
  readonly separator: string
  readonly least: number
}

/** One of `instead` may take the place of `of`. */
interface Choice {
  readonly kind: 'choice'
  readonly of: Fragment
  readonly instead: readonly Fragment[]
}

/** A value: `?` in a prepared statement, else its text. */
interface Literal {
  readonly kind: 'literal'
  readonly text: string
  readonly param: Param
}

export interface Printed {
  readonly sql: string
  readonly params: readonly Param[]
  /** What each of them is in a text. */
  readonly literals: readonly string[]
}

/** `` sql`SELECT ${items} FROM ${table}` `` */
export function sql(texts: TemplateStringsArray, ...values: readonly Fragment[]): Fragment {
  return {
    kind: 'sequence',
    parts: texts.flatMap((text, i) => (i < values.length ? [text, values[i]!] : [text])),
  }
}

export function sequence(parts: readonly Fragment[]): Fragment {
  return { kind: 'sequence', parts }
}

export function optional(of: Fragment): Fragment {
  return { kind: 'optional', of }
}

export function list(items: readonly Fragment[], { separator = ', ', least = 1 } = {}): Fragment {
  return { kind: 'list', items, separator, least }
}

export function choice(of: Fragment, instead: readonly Fragment[]): Fragment {
  return { kind: 'choice', of, instead }
}

export function literal(text: string, param: Param): Fragment {
  return { kind: 'literal', text, param }
}

/** With `isPrepared`, literals are `?` and come as values. */
export function print(fragment: Fragment, isPrepared: boolean): Printed {
  const texts: string[] = []
  const params: Param[] = []
  const literals: string[] = []
  const visit = (piece: Fragment): void => {
    if (typeof piece === 'string') texts.push(piece)
    else if (piece.kind === 'sequence') piece.parts.forEach(visit)
    else if (piece.kind === 'optional' || piece.kind === 'choice') visit(piece.of)
    else if (piece.kind === 'list') {
      for (const [i, item] of piece.items.entries()) {
        if (i > 0) texts.push(piece.separator)
        visit(item)
      }
    } else if (isPrepared) {
      texts.push('?')
      params.push(piece.param)
      literals.push(piece.text)
    } else texts.push(piece.text)
  }
  visit(fragment)
  return { sql: texts.join(''), params, literals }
}

/** Everything that is one step smaller, the largest steps first. */
export function* smaller(fragment: Fragment): Generator<Fragment> {
  if (typeof fragment === 'string' || fragment.kind === 'literal') return
  switch (fragment.kind) {
    case 'optional':
      yield ''
      for (const of of smaller(fragment.of)) yield { ...fragment, of }
      return
    case 'choice':
      for (const instead of fragment.instead) if (instead !== fragment.of) yield instead
      for (const of of smaller(fragment.of)) yield { ...fragment, of }
      return
    case 'list':
      yield* shorterLists(fragment)
      for (const items of eachSmaller(fragment.items)) yield { ...fragment, items }
      return
    case 'sequence':
      for (const parts of eachSmaller(fragment.parts)) yield { ...fragment, parts }
  }
}

/** Half of the items gone, then a quarter …, then each. */
function* shorterLists(whole: List): Generator<Fragment> {
  const { items, least } = whole
  for (let width = items.length >> 1; width >= 1; width >>= 1) {
    for (let at = 0; at < items.length; at += width) {
      const rest = [...items.slice(0, at), ...items.slice(at + width)]
      if (rest.length >= least) yield { ...whole, items: rest }
    }
  }
  if (least === 0 && items.length === 1) yield { ...whole, items: [] }
}

function* eachSmaller(parts: readonly Fragment[]): Generator<readonly Fragment[]> {
  for (const [i, part] of parts.entries()) {
    for (const less of smaller(part)) yield parts.with(i, less)
  }
}
