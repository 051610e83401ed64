import { notSupported } from '../errors/sql-error.ts'
import { HeldRows } from './held-rows.ts'
import { hasDates, withoutIncompleteDates } from './incomplete-dates.ts'
import { closeOnFailure } from './route.ts'
import type { RowStream } from './row-stream.ts'
import type { RunContext } from './run-context.ts'

/**
 * What `make` makes of the rows, where one server would take a temporary table for it, and shards have done so for their parts. Of a
 * date without a month or a day such a table makes 0000-00-00, as sql_mode says, as it gets to it: MAX() of 2024-00-00 and 2021-01-05
 * is the one or the other by the order of the rows. So where there may have been such dates the statement is to be answered over
 * copies (ER_NOT_SUPPORTED_YET), which have the rows as they are and in the order of one server's. It is found out while the first
 * rows are held; of more than can be held a date that shows makes the statement fail, and none is answered wrongly.
 */
export async function inTemporary(
  input: RowStream,
  { port }: Pick<RunContext, 'port'>,
  make: (input: RowStream) => RowStream,
): Promise<RowStream> {
  const isDated = hasDates(input.columns)
  const made = await closeOnFailure([input], () =>
    make(isDated ? withoutIncompleteDates(input, { zero: port.hidesLostDates }) : input),
  )
  if (!isDated) return made
  const held = new HeldRows(made, async () => {
    if (await port.lostDates()) throw notSupported(LOST_DATES)
  })
  try {
    await held.load()
    return held
  } catch (error) {
    await held.close()
    throw error
  }
}

const LOST_DATES =
  'rows of several shards with dates without a month or a day: ask with the directive /*vt+ PLANNER=federation */'
