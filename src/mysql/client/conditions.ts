import type { Condition } from '../../errors/condition.ts'
import type { BackendConnection } from './backend-connection.ts'
import { runQuery, textCells } from './simple-command.ts'

/** SHOW WARNINGS of the statement before on the same connection. */
export async function readConditions(connection: BackendConnection): Promise<readonly Condition[]> {
  const { rows } = await runQuery(connection, 'SHOW WARNINGS')
  return rows.map((row) => {
    const [level, code, message] = textCells(row, 3)
    return {
      level: level as Condition['level'],
      code: Number(code),
      message: Buffer.from(message ?? '', 'latin1').toString(),
    }
  })
}
