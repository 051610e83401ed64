import { expect, test } from 'vitest'
import { withOwnDefiner } from '../../../src/policy/own-definer.ts'

const own = (sql: string) => withOwnDefiner(sql, 'app', { mode: 0, serverVersion: 90_700 })

test.each([
  ['CREATE DEFINER = app VIEW v AS SELECT 1', 'CREATE DEFINER = CURRENT_USER VIEW v AS SELECT 1'],
  [
    "create definer='app'@'10.%' procedure p() begin end",
    'create definer=CURRENT_USER procedure p() begin end',
  ],
  [
    '/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`app`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW v AS SELECT 1 */',
    '/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=CURRENT_USER SQL SECURITY DEFINER */\n/*!50001 VIEW v AS SELECT 1 */',
  ],
  ['ALTER DEFINER = `app`@localhost EVENT e ENABLE', 'ALTER DEFINER = CURRENT_USER EVENT e ENABLE'],
])('%s', (sql, expected) => {
  expect(own(sql)).toBe(expected)
})

test.each([
  'CREATE DEFINER = root@localhost VIEW v AS SELECT 1',
  'CREATE DEFINER = CURRENT_USER VIEW v AS SELECT 1',
  'CREATE SQL SECURITY DEFINER VIEW v AS SELECT 1',
  "CREATE PROCEDURE p() SELECT 'DEFINER = app'",
  'CREATE TABLE t (definer INT)',
  'SELECT definer = app FROM t',
])('%s stays', (sql) => {
  expect(own(sql)).toBe(sql)
})
