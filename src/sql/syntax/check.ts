import type { Statement } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { TokenStream } from '../parser/token-stream.ts'
import { compileRules, type Matcher, type Reach, type Rules, type Terminal } from './notation.ts'
import { accountRules } from './rules/accounts.ts'
import { adminRules } from './rules/admin.ts'
import { alterTableRules } from './rules/alter-table.ts'
import { columnRules } from './rules/columns.ts'
import { compoundRules } from './rules/compound.ts'
import { keyRules } from './rules/keys.ts'
import { objectRules } from './rules/objects.ts'
import { partitionRules } from './rules/partitions.ts'
import { programRules } from './rules/programs.ts'
import { replicationRules } from './rules/replication.ts'
import { schemaRules } from './rules/schemas.ts'
import { setRules } from './rules/set.ts'
import { sharedRules } from './rules/shared.ts'
import { showRules } from './rules/show.ts'
import { statementRules, statementVerbs } from './rules/statements.ts'
import { tableOptionRules } from './rules/table-options.ts'
import { tableRules } from './rules/tables.ts'
import { atLabel, terminals } from './terminals.ts'

/**
 * Holds the statement that begins at the current token against MySQL's grammar, where the proxy would pass it on whole
 * and leave it to the server. Throws MySQL's error 1064; `p` stays where it is. Statements that `parseTyped` understands
 * to the last word are its own, and those of a MariaDB are its own to judge: its grammar is not here.
 */
export function checkSyntax(p: TokenStream, parseTyped: ParseTyped): void {
  if (isMariaDb(p.options.serverVersion)) return
  grammar ??= compile(parseTyped)
  const rule = grammar.statements.get(p.word)
  if (rule === undefined) return
  const reader = readerOf(p)
  const reach: Reach = { farthest: p.pos }
  const fits = rule(reader, reach)
  const isRefused = fits && reach.refused !== undefined && reach.farthest <= reader.pos
  if (isRefused) p.failAt(p.tokens.starts[reach.refused as number])
  const isWhole = fits && (reader.type === 'End' || reader.at(';'))
  if (!isWhole) p.failAt(p.tokens.starts[Math.max(reader.pos, reach.farthest)])
}

/**
 * Takes the type and collation of a column of JSON_TABLE, of a statement that checkSyntax has seen. Throws MySQL's error
 * 1064, also where a type's beginning leads to nothing: `CHAR(1) CHARACTER x`.
 */
export function takeColumnType(p: TokenStream): void {
  const reader = readerOf(p)
  const reach: Reach = { farthest: p.pos }
  const fits = grammar?.rules.get('variable_type')?.(reader, reach) ?? false
  const end = Math.max(reader.pos, reach.farthest)
  const goesOn = p.tokens.words[reader.pos] === 'PATH' || p.tokens.words[reader.pos] === 'EXISTS'
  if (!fits || !goesOn) p.failAt(p.tokens.starts[end])
  p.pos = reader.pos
}

/** Reads on from where `p` is, and leaves `p` there. */
function readerOf(p: TokenStream): TokenStream {
  const reader = new TokenStream(p.sql, p.options, undefined, p.tokens)
  reader.pos = p.pos
  return reader
}

/** Undefined where the current word begins no statement. */
type ParseTyped = (p: TokenStream) => Statement | undefined

interface Grammar {
  readonly rules: Rules
  /** Rules of whole statements by their first words, in upper case. */
  readonly statements: ReadonlyMap<string, Matcher>
}

/** Compiled at the first use: the proxy itself never needs it. */
let grammar: Grammar | undefined

function compile(parseTyped: ParseTyped): Grammar {
  const text = [
    statementRules,
    sharedRules,
    accountRules,
    adminRules,
    objectRules,
    programRules,
    replicationRules,
    tableRules,
    columnRules,
    keyRules,
    tableOptionRules,
    partitionRules,
    alterTableRules,
    schemaRules,
    setRules,
    showRules,
    compoundRules,
  ].join('\n')
  /**
   * A statement in a stored program that no rule here is for; BEGIN opens a block there, not a transaction. Where a rule
   * has got beyond its first word, it is none: `RETURNS INT (` begins a length, not a query.
   */
  const typed: Terminal = (p, reach) => {
    if (p.at('BEGIN') || atLabel(p) || statements.has(p.word) || reach.farthest > p.pos) return false
    return parseTyped(p) !== undefined
  }
  const rules = compileRules(text, { ...terminals, typed_statement: typed })
  const statements = new Map(statementVerbs.map((verb) => [verb.toUpperCase(), rules.get(verb) as Matcher]))
  return { rules, statements }
}
