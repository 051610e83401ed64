import type { StreamColumn } from '../../engine/row-stream.ts'
import { type ColumnDef, decodeColumnDef, encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { HEADER_BYTES } from '../../mysql/codec/constants.ts'
import { collationById } from '../../values/charsets.ts'
import { binaryCollation, classOf, columnFlags, fieldTypes } from '../../values/types.ts'

/**
 * The columns of a UNION ALL as a server answers it, of those it tells when it prepares it: MySQL prepares expressions and
 * answers the fields of a temporary table, MariaDB the other way round. `parts`: the columns of each SELECT.
 * Source: sql/field.cc and sql/item.cc of both, `Field::make_send_field`, `Item::init_make_send_field`; seen on MySQL 9.7
 * and MariaDB 10.11.
 */
export function columnsOfUnion(
  prepared: readonly StreamColumn[],
  parts: readonly (readonly StreamColumn[])[],
  { isMariadb }: { readonly isMariadb: boolean },
): readonly StreamColumn[] {
  return prepared.map((column, i) => {
    if (!isMariadb) return redefined(column, fieldOf(column))
    const lengths = parts.map((part) => part[i]?.length ?? 0)
    return redefined(column, expressionOf(column, Math.max(...lengths)))
  })
}

type Change = Partial<
  Pick<ColumnDef, 'orgName' | 'type' | 'flags' | 'decimals' | 'columnLength' | 'collationId'>
>

/** Numbers of a field are not flagged as binary; a YEAR is, as it pads with zeros. Only a field is flagged as a BLOB. */
function fieldOf(column: StreamColumn): Change {
  const { type, flags } = column
  switch (classOf(column)) {
    case 'signed':
    case 'unsigned':
    case 'decimal':
    case 'float':
    case 'double': {
      const plain = flags & ~columnFlags.binary
      return { flags: type === fieldTypes.year ? plain | columnFlags.zerofill : plain }
    }
    case 'text':
    case 'bytes':
      return {
        flags: (flags & ~columnFlags.unsigned) | (isBlob(type) ? columnFlags.blob : 0),
        decimals: 0,
      }
    case 'opaque': {
      const bytes = { flags: flags | columnFlags.blob, decimals: 0 }
      return type === fieldTypes.json
        ? { ...bytes, collationId: binaryCollation, columnLength: BLOB_BYTES_MAX }
        : bytes
    }
    default:
      return {}
  }
}

/** Of a LONGBLOB. */
const BLOB_BYTES_MAX = 0xffff_ffff

/** Digits that MariaDB's expressions of no number have. */
const MARIADB_NOT_FIXED_DECIMALS = 39

function expressionOf(column: StreamColumn, lengthMax: number): Change {
  const { type, flags, collation } = column
  switch (classOf(column)) {
    case 'signed':
    case 'unsigned':
    case 'decimal':
    case 'float':
    case 'double':
    case 'bit': {
      const binary = flags | columnFlags.binary
      return { orgName: '', flags: type === fieldTypes.year ? binary & ~columnFlags.zerofill : binary }
    }
    case 'datetime':
      return { orgName: '', flags: flags & ~columnFlags.unsigned }
    case 'text':
    case 'bytes': {
      const change = { orgName: '', flags: flags & ~columnFlags.blob, decimals: MARIADB_NOT_FIXED_DECIMALS }
      if (!isBlob(type)) return change
      return { ...change, type: blobOf(lengthMax), columnLength: inCharset(lengthMax, collation) }
    }
    case 'opaque':
      return { orgName: '', flags: flags & ~columnFlags.blob }
    default:
      return { orgName: '' }
  }
}

function isBlob(type: number): boolean {
  return type >= fieldTypes.tinyBlob && type <= fieldTypes.blob
}

/** The BLOB that holds so many bytes. */
function blobOf(bytes: number): number {
  if (bytes <= 0xff) return fieldTypes.tinyBlob
  if (bytes <= 0xffff) return fieldTypes.blob
  return bytes <= 0xff_ffff ? fieldTypes.mediumBlob : fieldTypes.longBlob
}

/** As MariaDB has it: the bytes of a text are taken for its characters, and told for the client's character set. */
function inCharset(bytes: number, collation: number): number {
  if (collation === binaryCollation) return bytes
  return Math.min(bytes * (collationById(collation)?.charset.bytesPerCharMax ?? 1), BLOB_BYTES_MAX)
}

function redefined(column: StreamColumn, change: Change): StreamColumn {
  const definition = decodeColumnDef(column.definition)
  const changed = { ...definition, orgName: definition.name, ...change }
  return {
    ...column,
    type: changed.type,
    flags: changed.flags,
    decimals: changed.decimals,
    collation: changed.collationId,
    length: changed.columnLength,
    definition: encodeColumnDef(changed, 0).subarray(HEADER_BYTES),
  }
}
