import { SqlError } from '../errors/sql-error.ts'
import type { CreateSelected, DefinedTable } from '../plan/primitives.ts'
import type { RunDdl } from '../plan/write-primitives.ts'
import { bindQuery } from './bind.ts'
import { type Done, messageOf, outcomeOf, runOnShards, takeBack, withMessage } from './ddl.ts'
import { makeCopies } from './federate.ts'
import type { OkOutcome } from './outcome.ts'
import type { RunContext } from './run-context.ts'

/** Fills the table's columns of these names (binary strings), in a transaction of its own. */
export type Fill = (columns: readonly string[]) => Promise<OkOutcome>

/**
 * Makes the table on all of its shards, and fills it. Meanwhile others see it without rows, and nobody makes another of its name.
 * What cannot be filled does not stay, as on one server; a shard that cannot drop it then is named by the error.
 */
export async function runCreateSelected(
  node: CreateSelected,
  context: RunContext,
  fill: Fill,
): Promise<OkOutcome> {
  const { port } = context
  const { keyspace } = node.ddl
  await port.commit()
  return port.exclusively(keyspace, [node.table], async () => {
    const ddl = node.defined === undefined ? node.ddl : await definedAs(node, node.defined, context)
    const made = await runOnShards(ddl, context)
    const told = outcomeOf(ddl, made, context)
    const found = made.filter(wasThere)
    if (found.length === made.length) return told
    try {
      if (found.length > 0) throw leftByHalves(ddl, found)
      return behind(told, await fill(await columnsOf(node, context)))
    } catch (error) {
      const isUndone = await takeBack(
        ddl,
        made.filter((each) => !wasThere(each)),
        context,
      )
      if (isUndone) throw error
      throw withMessage(
        error,
        `${messageOf(error)} (the table could not be dropped again on every shard of keyspace ${keyspace}: DROP TABLE ${node.table})`,
      )
    }
  })
}

/** IF NOT EXISTS. */
function wasThere({ answer }: Done): boolean {
  return answer.conditions.some(({ code }) => code === ER_TABLE_EXISTS_ERROR)
}

const ER_TABLE_EXISTS_ERROR = 1050

function leftByHalves({ keyspace, tables }: RunDdl, found: readonly Done[]): SqlError {
  return new SqlError(
    'ER_TABLE_EXISTS_ERROR',
    `Table '${tables[0]}' already exists (on shard ${found.map(({ name }) => name).join(', ')} of keyspace ${keyspace} alone: make it on the others, or drop it, first)`,
  )
}

/** By a server that has the tables it is made of as copies without rows. */
async function definedAs(
  { ddl, table }: CreateSelected,
  { copies, head }: DefinedTable,
  { port, bindings }: RunContext,
): Promise<CreateSelected['ddl']> {
  const scratch = await port.openScratch(ddl.keyspace, { isOfKeyspace: true })
  try {
    await makeCopies(copies, scratch)
    await scratch.check(bindQuery(copies.asked, bindings), copies)
    const definition = await scratch.define(bindQuery(copies.query, bindings), copies, table)
    return { ...ddl, query: { kind: 'Template', template: [head + definition] } }
  } finally {
    await scratch.close()
  }
}

/** As the server names them that makes the table. */
async function columnsOf(
  { ddl, query, defined }: CreateSelected,
  { port, bindings }: RunContext,
): Promise<readonly string[]> {
  const scratch = await port.openScratch(ddl.keyspace, { isOfKeyspace: true })
  try {
    if (defined !== undefined) await makeCopies(defined.copies, scratch)
    const asked = defined?.copies.asked ?? query
    const told = defined?.copies ?? { copies: [], told: new Map() }
    const columns = await scratch.check(bindQuery(asked, bindings), told)
    return columns.map(({ name }) => name)
  } finally {
    await scratch.close()
  }
}

/** What is told of making the table, and not again of filling it. */
function behind(made: OkOutcome, filled: OkOutcome): OkOutcome {
  const isAgain = (text: string) => filled.conditions.some(({ message }) => message === text)
  const conditions = [...made.conditions.filter(({ message }) => !isAgain(message)), ...filled.conditions]
  const unlisted = filled.warnings - filled.conditions.length
  const warnings = conditions.length + Math.max(0, unlisted)
  return {
    ...filled,
    conditions,
    warnings,
    info: filled.info.replace(/(?<=Warnings: )\d+/, String(warnings)),
  }
}
