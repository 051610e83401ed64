import { decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { decodeTextRow, type TextCell } from '../../mysql/codec/text-row.ts'
import type { Piece, TableAdmin, TableName } from '../../sql/ast.ts'
import { print } from '../../sql/print.ts'
import { inKeyspaceNames } from '../../tablet/keyspace-names.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { TabletTypeName } from '../../vschema/model.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { CatalogueContext } from '../catalogue/catalogue-context.ts'
import { onlyKeyspace } from '../settings/target.ts'
import type { ShownTable } from './shown-table.ts'

export type ReportContext = Pick<CatalogueContext, 'shards' | 'state'> & {
  readonly proxy: Pick<CatalogueContext['proxy'], 'gateway' | 'vschema'>
}

/**
 * ANALYZE, CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE of tables that no one keyspace's shards can report on: each table is asked
 * for where it is, and told of once. Reports that shards give alike are one; their checksums are added up, for MySQL adds up
 * those of rows, in 32 bits.
 */
export async function tableReports(context: ReportContext, statement: TableAdmin): Promise<ShownTable> {
  const { renamed } = context.proxy.gateway
  let columns: readonly Buffer[] = []
  const rows: (readonly TextCell[])[] = []
  for (const name of statement.tables) {
    const { table, seenAs, shards } = asked(context, statement, name)
    const answers = await Promise.all(shards.map(({ target, sql }) => context.shards.askOn(target, sql)))
    columns = answers[0]!.columns
    const cells = answers.flatMap((answer) =>
      answer.rows.map((row) => decodeTextRow(row, answer.columns.length)),
    )
    const named = cells.map((row) =>
      row.map((cell) => {
        if (cell === null) return null
        return inKeyspaceNames(cell.toString(), renamed).replaceAll(table, () => seenAs)
      }),
    )
    const told = statement.verb === 'CHECKSUM' ? [sumOf(named)] : distinct(named)
    rows.push(...told.map((row) => row.map((cell) => (cell === null ? null : Buffer.from(cell)))))
  }
  return { columns: columns.map(decodeColumnDef), rows }
}

type Cells = readonly (string | null)[]

/** `db.table` and a number; NULL where there is no such table, or no checksum is kept (QUICK). */
function sumOf(rows: readonly Cells[]): Cells {
  const [table = null] = rows[0] ?? []
  if (rows.some(([, checksum]) => checksum === null)) return [table, null]
  const sum = rows.reduce((before, [, checksum]) => before + BigInt(checksum!), 0n)
  return [table, String(BigInt.asUintN(32, sum))]
}

function distinct(rows: readonly Cells[]): readonly Cells[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()]
}

/** For COM_STMT_PREPARE: where a server describes the report on one of the tables, and its text there. */
export function reportOnOne(
  context: ReportContext,
  statement: TableAdmin,
): { readonly target: ShardTarget; readonly sql: string } {
  return asked(context, statement, statement.tables[0]!).shards[0]!
}

interface AskedTable {
  /** `keyspace.table`: where it is, and as the client names it. */
  readonly table: string
  readonly seenAs: string
  readonly shards: readonly { readonly target: ShardTarget; readonly sql: string }[]
}

/** What is asked of which shards about one of the tables. */
function asked({ proxy, shards, state }: ReportContext, statement: TableAdmin, name: TableName): AskedTable {
  const { tabletType } = state.target
  const keyspace = name.qualifier ?? (state.target.keyspace || onlyKeyspace(proxy.gateway)) ?? ''
  const seenAs = `${keyspace}.${name.name}`
  if (isSystemSchema(keyspace)) {
    const sql = textFor(statement, `${quoteName(keyspace)}.${quoteName(name.name)}`)
    return { table: seenAs, seenAs, shards: [{ target: shards.anyTarget(), sql }] }
  }
  const found = proxy.vschema.findTable(keyspace, name.name, tabletType.toLowerCase() as TabletTypeName)
  const table = found.kind === 'found' ? found.table : { keyspace, name: name.name, type: 'normal' }
  const all = shards.of(table.keyspace).shards
  // Every shard has all rows of a reference table.
  const wanted = table.type === 'reference' && statement.verb === 'CHECKSUM' ? all.slice(0, 1) : all
  return {
    table: `${table.keyspace}.${table.name}`,
    seenAs,
    shards: wanted.map(({ database, targets }) => {
      const sql = textFor(statement, `${quoteName(database)}.${quoteName(table.name)}`)
      return { target: targets[tabletType], sql }
    }),
  }
}

/** The statement about one table alone. */
function textFor({ pieces, tables }: TableAdmin, table: string): string {
  const isTable = (piece: Piece) => tables.some((each) => each === piece)
  const first = pieces.findIndex(isTable)
  const last = pieces.findLastIndex(isTable)
  const text = (part: readonly Piece[]) =>
    part.map((piece) => (typeof piece === 'string' ? piece : print(piece))).join('')
  return text(pieces.slice(0, first)) + table + text(pieces.slice(last + 1))
}
