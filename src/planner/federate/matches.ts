import type { Expr, Match, TableRef } from '../../sql/ast.ts'
import {
  type AnyNode,
  type Part,
  rewrite,
  someInBlock,
  someNode,
  visit,
  withoutQualifiers,
} from '../../sql/visit.ts'
import type { Column } from '../../values/column.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { BoundFrom, BoundQuery, BoundSelect, BoundTable } from '../binding/bound.ts'
import { resolveColumn } from '../binding/scope.ts'
import { unplanned } from '../binding/unplanned.ts'
import { makeBinary, makeColumn, makeFloat } from '../make-node.ts'
import { selectsIn } from './selects-in.ts'

/** A column of a copy that no table has: what the table's own server says of each row. */
export interface ComputedColumn {
  readonly column: Column
  /** Of the table alone. */
  readonly expr: Expr
}

/**
 * `MATCH … AGAINST` of a query: a temporary table has no full-text index, so the servers of the table say how well its rows match,
 * and their copies have that as a column.
 */
export class Matches {
  readonly #columns = new Map<TableRef, ComputedColumn[]>()
  readonly #replaced = new Map<Match, Expr>()

  /** Throws Unplanned for one of which it cannot be told which table it is of. */
  constructor(query: Part, bound: BoundQuery | undefined) {
    const all = new Set<Match>()
    visit(query, (node) => {
      if (node.kind === 'Match') all.add(node)
      return undefined
    })
    if (all.size === 0) return
    for (const block of bound === undefined ? [] : selectsIn(bound).values()) this.#findIn(block)
    if ([...all].some((each) => !this.#replaced.has(each)))
      unplanned('MATCH … AGAINST in what several shards cannot do together')
  }

  of(node: TableRef): readonly ComputedColumn[] {
    return this.#columns.get(node) ?? []
  }

  /** A part of the query, asked of the copies. */
  overCopies<T extends Part>(part: T): T {
    if (this.#replaced.size === 0) return part
    return rewrite(part, (node) => (node.kind === 'Match' ? this.#replaced.get(node) : undefined))
  }

  #findIn({ ast, from, scope }: BoundSelect): void {
    someInBlock(ast, (node) => {
      if (node.kind !== 'Match') return false
      if (isExpanded(node)) unplanned('MATCH … WITH QUERY EXPANSION over several shards')
      const [first] = node.columns
      const ref = first?.kind === 'Column' ? resolveColumn(first, scope) : undefined
      const table = tablesOf(from).find(({ instance }) => instance === ref?.instance)
      const isConstant = !someNode(node.against, ({ kind }) => kind === 'Column' || kind === 'Subquery')
      if (table !== undefined && isConstant) this.#add(node, table)
      return false
    })
  }

  #add(match: Match, { ast }: BoundTable): void {
    const name = `_shardgate_match_${this.#replaced.size + 1}`
    const columns = this.#columns.get(ast) ?? []
    columns.push({ column: columnNamed(name), expr: unqualified(match) })
    this.#columns.set(ast, columns)
    const shown = { ...makeColumn(name), qualifiers: [ast.alias?.name ?? ast.name.name] }
    // An expression, as the match is: a column would show its name.
    this.#replaced.set(match, makeBinary('+', shown, makeFloat('0e0')))
  }
}

function tablesOf(from: BoundFrom): readonly BoundTable[] {
  switch (from.kind) {
    case 'Table':
      return [from]
    case 'Inner':
      return from.parts.flatMap(tablesOf)
    case 'Outer':
      return [...tablesOf(from.preserved), ...tablesOf(from.inner)]
    default:
      return []
  }
}

function columnNamed(name: string): Column {
  const definition = `${quoteName(name)} double INVISIBLE`
  return {
    name,
    type: 'FLOAT64',
    nullable: true,
    invisible: true,
    autoIncrement: false,
    values: [],
    stored: { definition, emptyDefinition: definition, keyFlags: 0 },
  }
}

function unqualified(match: Match): Expr {
  return withoutQualifiers<Expr>(match)
}

/** It looks for the words of the best rows, too, which are those of all shards. */
export function isExpanded(node: AnyNode): boolean {
  return node.kind === 'Match' && /EXPANSION/i.test(node.modifier ?? '')
}
