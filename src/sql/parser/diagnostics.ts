import type { DiagnosticsItem, GetDiagnostics } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseCommaList } from './names.ts'
import { parseSimple, parseUserVariable } from './operands.ts'
import { make, type TokenStream } from './token-stream.ts'

const OF_STATEMENT: ReadonlySet<string> = new Set(['NUMBER', 'ROW_COUNT'])
const OF_CONDITION: ReadonlySet<string> = new Set(
  `CLASS_ORIGIN SUBCLASS_ORIGIN RETURNED_SQLSTATE MESSAGE_TEXT MYSQL_ERRNO CONSTRAINT_CATALOG CONSTRAINT_SCHEMA
  CONSTRAINT_NAME CATALOG_NAME SCHEMA_NAME TABLE_NAME COLUMN_NAME CURSOR_NAME`.split(/\s+/),
)

/**
 * `GET [CURRENT | STACKED] DIAGNOSTICS target = name, …`, or with `CONDITION number` before those. Source: MySQL 9.7 manual,
 * "GET DIAGNOSTICS Statement".
 */
export function parseGetDiagnostics(p: TokenStream): GetDiagnostics {
  const { start } = p
  p.expect('GET')
  const area = p.acceptOneOf(isMariaDb(p.options.serverVersion) ? ['CURRENT'] : ['CURRENT', 'STACKED'])
  p.expect('DIAGNOSTICS')
  const condition = p.accept('CONDITION') ? parseSimple(p) : undefined
  const names = condition === undefined ? OF_STATEMENT : OF_CONDITION
  const items = parseCommaList(p, (each) => parseItem(each, names))
  return make<GetDiagnostics>({ kind: 'GetDiagnostics', area, condition, items, span: p.spanFrom(start) })
}

function parseItem(p: TokenStream, names: ReadonlySet<string>): DiagnosticsItem {
  const { start } = p
  const target = p.type === 'UserVariable' ? parseUserVariable(p) : p.identifier()
  p.expect('=')
  const name = p.text.toUpperCase()
  if (!names.has(name)) p.fail()
  p.advance()
  return { kind: 'DiagnosticsItem', target, name, span: p.spanFrom(start) }
}
