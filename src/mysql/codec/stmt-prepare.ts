import { PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/**
 * First packet of the answer to COM_STMT_PREPARE. When `params` is not 0 that many column definitions and an EOF
 * follow; then, when `columns` is not 0, the same for the columns. Source: "COM_STMT_PREPARE Response".
 */
export interface PrepareOk {
  readonly statementId: number
  readonly columns: number
  readonly params: number
  readonly warnings: number
}

/** Offset of the statement id in the payload of a PrepareOk. */
export const PREPARE_OK_STATEMENT_ID_OFFSET = 1

export function encodePrepareOk(ok: PrepareOk, sequenceId: number): Buffer {
  return new PacketWriter()
    .uint1(0)
    .uint4(ok.statementId)
    .uint2(ok.columns)
    .uint2(ok.params)
    .zeros(1)
    .uint2(ok.warnings)
    .finish(sequenceId)
}

export function decodePrepareOk(payload: Buffer): PrepareOk {
  const reader = new PacketReader(payload, PREPARE_OK_STATEMENT_ID_OFFSET)
  const statementId = reader.uint4()
  const columns = reader.uint2()
  const params = reader.uint2()
  reader.skip(1)
  return { statementId, columns, params, warnings: reader.uint2() }
}
