import { readFileSync } from 'node:fs'
import type { Plan } from '../../../src/plan/plan.ts'
import { buildPlan, type PlanContext, tracePlan } from '../../../src/planner/build-plan.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { buildVSchema } from '../../../src/vschema/build-vschema.ts'
import { parseNormalized } from '../sql/support.ts'

export const plansFolder = new URL('../../plans/', import.meta.url)

const keyspaces = JSON.parse(readFileSync(new URL('vschema.json', plansFolder), 'utf8'))

const vschema = buildVSchema(
  {
    keyspaces: new Map(Object.entries(keyspaces)),
    routingRules: [
      { fromTable: 'customer.goods', toTables: ['commerce.product'] },
      { fromTable: 'customer.tunes', toTables: ['customer.music'] },
    ],
  },
  { deps: { readFile: () => new Uint8Array() } },
)

export const context: PlanContext = {
  vschema,
  defaultKeyspace: 'customer',
  tabletType: 'primary',
  databaseName: (keyspace) => (keyspace === 'customer' ? 'customer' : undefined),
}

const options = { mode: 0, serverVersion: 90_700 }

/** Plans a statement as the session does: from its normalised text. */
export function planOf(sql: string, changes: Partial<PlanContext> = {}): Plan {
  const { statement, context } = planned(sql, changes)
  return buildPlan(statement, context)
}

export function traceOf(sql: string, changes: Partial<PlanContext> = {}): ReturnType<typeof tracePlan> {
  const { statement, context } = planned(sql, changes)
  return tracePlan(statement, context)
}

function planned(sql: string, changes: Partial<PlanContext>) {
  const text = Buffer.from(sql).latin1Slice()
  const scanned = scan(text, options.mode, options.serverVersion)
  const statement = parseNormalized(text, scanned, options)
  return { statement, context: { ...context, source: { sql: text, scan: scanned }, ...changes } }
}
