import type { TableName, VindexParam, VindexType, VschemaChange } from '../ast.ts'
import { parseCommaList, parseNameList, parseString, parseTableName } from './names.ts'
import { make, type TokenStream } from './token-stream.ts'
import type { PieceBuilder } from './verbatim.ts'

/**
 * What stands behind ALTER VSCHEMA. Source: vtgate's grammar: `CREATE VINDEX v USING …`, `DROP VINDEX v`,
 * `ADD|DROP TABLE t`, `ADD|DROP SEQUENCE s`, `ON t ADD VINDEX v (cols) [USING …]`, `ON t DROP VINDEX v`,
 * `ON t ADD AUTO_INCREMENT col USING seq`, `ON t DROP AUTO_INCREMENT`.
 */
export function parseVschemaChange(p: TokenStream, pieces: PieceBuilder): VschemaChange {
  if (p.accept('ON')) return parseTableChange(p, pieces)
  if (p.accept('CREATE')) {
    p.expect('VINDEX')
    return { kind: 'CreateVindex', vindex: pieces.take(parseTableName), using: parseUsing(p, pieces) }
  }
  const isAdd = p.expectOneOf(['ADD', 'DROP']) === 'ADD'
  if (!isAdd && p.accept('VINDEX')) return { kind: 'DropVindex', vindex: pieces.take(parseTableName) }
  const isTable = p.expectOneOf(['TABLE', 'SEQUENCE']) === 'TABLE'
  const table = pieces.take(parseTableName)
  if (isTable) return { kind: isAdd ? 'AddTable' : 'DropTable', table }
  return { kind: isAdd ? 'AddSequence' : 'DropSequence', table }
}

function parseTableChange(p: TokenStream, pieces: PieceBuilder): VschemaChange {
  const table = pieces.take(parseTableName)
  const isAdd = p.expectOneOf(['ADD', 'DROP']) === 'ADD'
  if (p.accept('AUTO_INCREMENT')) {
    return isAdd ? parseAutoIncrement(p, pieces, table) : { kind: 'DropAutoIncrement', table }
  }
  p.expect('VINDEX')
  const vindex = pieces.take(parseTableName)
  if (!isAdd) return { kind: 'DropColumnVindex', table, vindex }
  const columns = parseNameList(p)
  const using = p.at('USING') ? parseUsing(p, pieces) : undefined
  return make<VschemaChange & { kind: 'AddColumnVindex' }>({
    kind: 'AddColumnVindex',
    table,
    vindex,
    columns,
    using,
  })
}

function parseAutoIncrement(p: TokenStream, pieces: PieceBuilder, table: TableName): VschemaChange {
  const column = p.identifier()
  p.expect('USING')
  return { kind: 'AddAutoIncrement', table, column, sequence: pieces.take(parseTableName) }
}

function parseUsing(p: TokenStream, pieces: PieceBuilder): VindexType {
  p.expect('USING')
  const type = p.identifier()
  const params = p.accept('WITH') ? parseCommaList(p, (at) => parseParam(at, pieces)) : []
  return { type, params }
}

/** Reserved words are names here, as in vtgate: `table`, `from` and `to` are parameters of lookup vindexes. */
function parseParam(p: TokenStream, pieces: PieceBuilder): VindexParam {
  const name = parseWord(p)
  p.expect('=')
  if (p.type === 'String') return { name, value: pieces.take(parseString) }
  const { start, type } = p
  if (type !== 'Int' && type !== 'Decimal' && type !== 'Float') return { name, value: parseWord(p) }
  const value = pieces.take((at) => {
    at.advance()
    return at.literal(type, start)
  })
  return { name, value }
}

function parseWord(p: TokenStream): string {
  return p.type === 'Ident' || p.type === 'Quoted' ? p.takeName() : p.fail()
}
