import { describe, test } from 'vitest'
import { mysqlCommand } from '../support/mysql.ts'
import { describeDifferential } from './differential.ts'

if (mysqlCommand) describeDifferential('mysql')
else
  describe('a sharded mysql answers as one server would', () => test.skip('no MySQL server here', () => {}))
