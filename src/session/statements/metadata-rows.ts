import { type BatchMap, MapStream } from '../../engine/map-stream.ts'
import { type NewCell, RowLayout, rebuildRow } from '../../engine/row-format.ts'
import type { Row, RowBatch, RowStream, StreamColumn } from '../../engine/row-stream.ts'
import { decodeColumnDef, encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { HEADER_BYTES } from '../../mysql/codec/constants.ts'
import type { Plan } from '../../plan/plan.ts'
import { columnInKeyspaceNames, inKeyspaceNames, type Renaming } from '../../tablet/keyspace-names.ts'

/** Which databases the rows may name. */
export interface DatabaseNames {
  readonly renamings: readonly Renaming[]
  /** Databases of shards that another one speaks for: what a server tells of them is not told. */
  readonly hidden: ReadonlySet<string>
}

/** Rows about databases and tables, as one server with the keyspaces for databases would have them. */
export function metadataRows(
  input: RowStream,
  kind: NonNullable<Plan['metadata']>,
  names: DatabaseNames,
): RowStream {
  const named =
    names.renamings.length === 0
      ? input
      : new MapStream(input, new Named(input, names), columnsOf(input, names))
  return kind === 'reports' ? new MapStream(named, new Once()) : named
}

function columnsOf({ columns }: RowStream, { renamings }: DatabaseNames): readonly StreamColumn[] {
  return columns.map((column) => {
    const definition = decodeColumnDef(column.definition)
    const name = columnInKeyspaceNames(definition.name, renamings)
    if (name === definition.name) return column
    const orgName = columnInKeyspaceNames(definition.orgName, renamings)
    const renamed = encodeColumnDef({ ...definition, name, orgName }, 0).subarray(HEADER_BYTES)
    return { ...column, name: columnInKeyspaceNames(column.name, renamings), definition: renamed }
  })
}

class Named implements BatchMap {
  readonly #layout: RowLayout
  readonly #cells: Int32Array
  readonly #names: DatabaseNames

  constructor(input: RowStream, names: DatabaseNames) {
    this.#layout = new RowLayout(input.format, input.columns)
    this.#cells = new Int32Array(2 * input.columns.length)
    this.#names = names
  }

  map(batch: RowBatch): RowBatch {
    return batch.flatMap((row) => this.#row(row) ?? [])
  }

  /** Undefined for a row about a database that is not told of. */
  #row(row: Row): Row | undefined {
    const { renamings, hidden } = this.#names
    if (!renamings.some(({ database }) => row.includes(database))) return row
    const { columns } = this.#layout
    this.#layout.locate(row, columns.length, this.#cells)
    const changes: NewCell[] = []
    for (let c = 0; c < columns.length; c++) {
      const start = this.#cells[2 * c]!
      if (start < 0 || !this.#layout.hasLength(c)) continue
      const text = row.toString('utf8', start, this.#cells[2 * c + 1])
      if (hidden.has(text)) return undefined
      const renamed = inKeyspaceNames(text, renamings)
      if (renamed !== text) changes[c] = Buffer.from(renamed)
    }
    return changes.length === 0 ? row : rebuildRow(this.#layout, row, this.#cells, changes)
  }
}

/** What all shards report alike is told once: there is one table. The reports of one statement are few. */
class Once implements BatchMap {
  readonly #seen = new Set<string>()

  map(batch: RowBatch): RowBatch {
    return batch.filter((row) => {
      const key = row.latin1Slice()
      const isNew = !this.#seen.has(key)
      this.#seen.add(key)
      return isNew
    })
  }
}
