import { decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { decodeTextRow, type TextCell } from '../../mysql/codec/text-row.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import { globalVariables, sessionVariables } from '../../planner/session-names.ts'
import type { Case, ColumnName, Expr, Literal, Show } from '../../sql/ast.ts'
import { print } from '../../sql/print.ts'
import { rewrite } from '../../sql/visit.ts'
import { quoteString } from '../../values/sql-literal.ts'
import { type SessionFunctionContext, sessionFunction } from '../settings/session-functions.ts'
import { unquoted } from '../settings/unquoted.ts'
import type { ShardAccess } from '../statements/shard-access.ts'
import type { ShownTable } from './shown-table.ts'

export interface OwnValuesContext extends SessionFunctionContext {
  readonly client: SessionFunctionContext['client'] & Pick<ClientConnection, 'tls'>
  readonly shards: ShardAccess
}

/**
 * SHOW VARIABLES and SHOW STATUS: what a server answers, with the session's own values in place of those that the server has
 * for its connection from the proxy.
 */
export async function variablesTable(context: OwnValuesContext, show: Show): Promise<ShownTable> {
  const own = ownValues(context, show)
  const { columns, rows } = await context.shards.ask(questionOf(show, own))
  return {
    isFiltered: true,
    columns: columns.map(decodeColumnDef),
    rows: rows.map((row) => withOwnValue(decodeTextRow(row, columns.length), own)),
  }
}

function ownValues(context: OwnValuesContext, { what, scope }: Show): ReadonlyMap<string, string> {
  if (what === 'STATUS') return scope === 'GLOBAL' ? new Map() : tlsStatus(context)
  const names = scope === 'GLOBAL' ? globalVariables : sessionVariables
  const values = new Map([...names].map(([name, key]) => [name, unquoted(sessionFunction(context, key))]))
  return scope === 'GLOBAL' ? values : values.set('autocommit', context.transaction.autocommit ? 'ON' : 'OFF')
}

/** Of the client's own connection, not of one between proxy and server. */
function tlsStatus({ client: { tls } }: OwnValuesContext): ReadonlyMap<string, string> {
  return new Map([
    ['ssl_cipher', tls?.cipher ?? ''],
    ['ssl_cipher_list', tls?.cipher ?? ''],
    ['ssl_sessions_reused', '0'],
    ['ssl_version', tls?.version ?? ''],
  ])
}

function questionOf(show: Show, own: ReadonlyMap<string, string>): string {
  const { what, scope = 'SESSION', like, where } = show
  const all = `SHOW ${scope} ${what}`
  if (like !== undefined) return `${all} LIKE ${like.text}`
  return where === undefined ? all : `${all} WHERE ${print(seeingOwnValues(where, own))}`
}

/** A condition on `Value` is one on what the client will see there. */
function seeingOwnValues(where: Expr, own: ReadonlyMap<string, string>): Expr {
  if (own.size === 0) return where
  return rewrite(where, (node) =>
    node.kind === 'Column' && node.name.toLowerCase() === 'value' ? shownValue(node, own) : undefined,
  )
}

function shownValue(value: ColumnName, own: ReadonlyMap<string, string>): Case {
  const { span } = value
  return {
    kind: 'Case',
    operand: { ...value, name: 'Variable_name' },
    whens: [...own].map(([name, text]) => ({
      kind: 'When',
      condition: textNode(name, span),
      result: textNode(text, span),
      span,
    })),
    otherwise: value,
    span,
  }
}

function textNode(text: string, span: Literal['span']): Literal {
  return { kind: 'Literal', type: 'String', text: quoteString(text), span }
}

function withOwnValue(cells: readonly TextCell[], own: ReadonlyMap<string, string>): readonly TextCell[] {
  const [name, value = null] = cells
  return [name!, own.get(String(name).toLowerCase()) ?? value]
}
