import { expect, test } from 'vitest'
import { parsedPlan } from '../../../src/session/statements/explain.ts'

test('a plan in JSON is read with and without end markers', () => {
  const marked =
    '{\n  "query_block": {\n    "used_columns": [\n      "} /* i */"\n    ] /* used_columns */\n  } /* query_block */\n}'
  const plan = { query_block: { used_columns: ['} /* i */'] } }
  expect(parsedPlan(marked)).toEqual(plan)
  expect(parsedPlan(JSON.stringify(plan, undefined, 2))).toEqual(plan)
})
