import { SqlError } from '../../src/errors/sql-error.ts'
import type { Statement } from '../../src/sql/ast.ts'
import { scan } from '../../src/sql/fingerprint.ts'
import { tokenize } from '../../src/sql/lexer.ts'
import { literalValue } from '../../src/sql/literal-value.ts'
import { normalize, type ParseOptions, parseStatement } from '../../src/sql/parse.ts'
import { print, printPieces } from '../../src/sql/print.ts'
import type { Scan, Slot, SlotItem } from '../../src/sql/scan.ts'
import { LITERAL } from './sql-grammar.ts'

/** What holds for every text; each check throws a Finding that says what does not. */
export class Finding extends Error {}

/** Normalised trees by key: two texts with one key must have one tree. */
export type KnownTrees = Map<string, { readonly tree: string; readonly sql: string }>

const KNOWN_MAX = 50_000

/**
 * Checks one text (a binary string). `isMarked`: its literals hold the grammar's marker, which must not be in its key.
 * Returns whether the text was accepted.
 */
export function checkText(
  text: string,
  options: ParseOptions,
  known: KnownTrees,
  isMarked: boolean,
): boolean {
  checkTokens(text, options)
  const found = checkScan(text, options)
  const sql = found.hasMore ? text.slice(0, found.end) : text
  const statement = parsed(() => parseStatement(sql, options))
  const normalized = parsed(() => normalize(sql, found, options))
  expectTrue((statement === undefined) === (normalized === undefined), 'normalized and plain parse disagree')
  if (statement === undefined || normalized === undefined) return false
  // Of a garbled text the tree may be for itself alone.
  expectTrue(normalized.isShared || !isMarked, 'the parser has no node for a slot')
  if (!normalized.isShared) return true
  checkPrint(statement, options)
  checkTemplate(sql, found, normalized.statement, statement, options)
  checkValues(sql, found, options)
  if (isMarked) checkLeak(found)
  const tree = comparable(normalized.statement, options)
  checkKnown(sql, found, tree, options, known)
  checkOtherLiterals(sql, found, tree, options)
  return true
}

function expectTrue(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Finding(what)
}

/** A tree, or undefined for a SqlError; any other error is a finding. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw new Finding(`not a SqlError: ${error instanceof Error ? error.stack : String(error)}`)
  }
}

function checkTokens(sql: string, options: ParseOptions): void {
  const { starts, ends, types } = tokenize(sql, options)
  for (let i = 0; i < starts.length; i++) {
    const from = i === 0 ? 0 : ends[i - 1]
    const isTile = starts[i] >= from && (ends[i] > starts[i] || types[i] === 'End' || types[i] === 'Bad')
    expectTrue(isTile, `token ${i} does not follow the one before it`)
  }
}

function checkScan(sql: string, options: ParseOptions): Scan {
  const found = scan(sql, options.mode, options.serverVersion)
  expectTrue(found.end <= sql.length && found.start <= sql.length, 'the scan ends outside the text')
  expectTrue(!found.hasMore || found.end > 0, 'a scan without progress')
  let last = 0
  for (const slot of found.slots) {
    expectTrue(slot.start >= last && slot.end > slot.start, 'slots overlap')
    last = slot.end
  }
  return found
}

function checkPrint(statement: Statement, options: ParseOptions): void {
  const text = print(statement, options.mode)
  const again = parsed(() => parseStatement(text, options))
  expectTrue(again !== undefined, `the printed text is no statement: ${text}`)
  // Parentheses may be added round an assignment, whose end the grammar leaves to what follows.
  const isSame = /:=/.test(text)
    ? withoutParens(again) === withoutParens(statement)
    : withoutSpans(again) === withoutSpans(statement)
  expectTrue(isSame, `printed, it parses differently: ${text}`)
  expectTrue(print(again, options.mode) === text, `printed twice, it differs: ${text}`)
}

/** A shard's statement, made from the template and this text's literals, is the statement. */
function checkTemplate(
  sql: string,
  found: Scan,
  normalized: Statement,
  statement: Statement,
  options: ParseOptions,
): void {
  const pieces = printPieces(normalized, options.mode).map((piece) => {
    if (typeof piece === 'string') return piece
    return 'param' in piece ? '?' : sql.slice(found.slots[piece.slot].start, found.slots[piece.slot].end)
  })
  const text = pieces.join('')
  const again = parsed(() => parseStatement(text, options))
  expectTrue(again !== undefined, `the filled template is no statement: ${text}`)
  const isSame = comparable(again, options) === comparable(statement, options)
  expectTrue(isSame, `the filled template is another statement: ${text}`)
}

function itemsOf(slot: Slot): readonly SlotItem[] {
  return slot.kind === 'literal' ? [slot] : slot.items
}

function checkValues(sql: string, found: Scan, options: ParseOptions): void {
  for (const slot of found.slots) {
    for (const item of itemsOf(slot)) literalValue(sql, item, options.mode)
  }
}

function checkLeak(found: Scan): void {
  const { key } = found
  expectTrue(!key.includes(LITERAL), `a literal is in the key: ${key}`)
}

function checkKnown(sql: string, found: Scan, tree: string, options: ParseOptions, known: KnownTrees): void {
  const name = `${options.mode} ${options.serverVersion} ${found.key}`
  const other = known.get(name)
  if (other === undefined) {
    if (known.size < KNOWN_MAX) known.set(name, { tree, sql })
  } else expectTrue(other.tree === tree, `one key, two trees: ${JSON.stringify(other.sql)}`)
}

const replacements = {
  Int: '31',
  Decimal: '3.25',
  Float: '2e-7',
  String: "'it''s'",
  Hex: "x'ABCD'",
  Bit: "b'101'",
  Null: 'NULL',
  True: 'TRUE',
  False: 'FALSE',
} as const

/** With other literals of the same types, lists and rows of other lengths, the key and the tree are the same. */
function checkOtherLiterals(sql: string, found: Scan, tree: string, options: ParseOptions): void {
  // Literals in ORDER BY and GROUP BY may have to equal others: the key says so.
  if (found.slots.length === 0 || found.key.includes(' /* :')) return
  const text = replaceSlots(sql, found)
  const other = scan(text, options.mode, options.serverVersion)
  if (other.key.includes(' /* :')) return
  expectTrue(other.key === found.key, `with other literals another key:\n${text}\n${found.key}\n${other.key}`)
  const again = parsed(() => normalize(text, other, options))
  expectTrue(again !== undefined, `with other literals an error: ${text}`)
  expectTrue(comparable(again.statement, options) === tree, `with other literals another tree: ${text}`)
}

function replaceSlots(sql: string, found: Scan): string {
  let text = ''
  let from = 0
  for (const slot of found.slots) {
    text += sql.slice(from, slot.start) + replacement(slot, sql)
    from = slot.end
  }
  return text + sql.slice(from)
}

function replacement(slot: Slot, sql: string): string {
  // `.5` may stand directly behind a name, where no other number could.
  if (slot.kind === 'literal' && sql[slot.start] === '.') return slot.type === 'Float' ? '.2e-7' : '.25'
  if (slot.kind === 'literal') return prefixOf(slot, sql) + replacements[slot.type]
  if (slot.kind === 'list') return slot.items.length > 1 ? '5' : "1, 'a', NULL"
  const row = `(${Array(slot.width).fill('7').join(', ')})`
  return slot.rowSpans.length > 2 ? row : `${row}, ${row}`
}

/** A number without its sign could be a position; a string without its N join the one before. */
function prefixOf(slot: SlotItem, sql: string): string {
  const first = sql[slot.start]
  if (first === '-') return '-'
  if (slot.type === 'String') return first === 'N' || first === 'n' ? 'N' : ''
  return ''
}

function withoutSpans(tree: unknown): string {
  return JSON.stringify(tree, (key, value) => (key === 'span' ? undefined : value))
}

function withoutParens(tree: unknown): string {
  return JSON.stringify(tree, (key, value) => (key === 'span' || key === 'parens' ? undefined : value))
}

/** A tree for comparing: without spans and slots' texts; of verbatim text only the tokens. */
function comparable(tree: unknown, options: ParseOptions): string {
  return JSON.stringify(tree, (key, value) => {
    if (key === 'span' || key === 'parens' || key === 'comment') return undefined
    if (typeof value === 'object' && value !== null && value.kind === 'Literal' && value.slot !== undefined)
      return { kind: 'Literal', type: value.type, slot: value.slot }
    if (Array.isArray(value) && value.some((item) => typeof item === 'string')) return merged(value, options)
    return value
  })
}

/** Texts that follow one another are one; blanks and comments in them are left out. */
function merged(pieces: readonly unknown[], options: ParseOptions): unknown[] {
  const found: unknown[] = []
  for (const piece of pieces) {
    if (typeof piece !== 'string') found.push(piece)
    else found.push(...tokensOf(piece, options))
  }
  return found
}

function tokensOf(text: string, options: ParseOptions): string[] {
  const { starts, ends } = tokenize(text, options)
  return starts.map((start, i) => text.slice(start, ends[i]).toUpperCase()).filter((token) => token !== '')
}
