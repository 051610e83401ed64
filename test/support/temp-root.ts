import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where tempDir makes its folders: one folder for a run of the tests, which ends with it, however a worker ended. */
export default function setup(): () => void {
  const root = mkdtempSync(join(tmpdir(), 'sg-'))
  process.env['TESTS_TMP'] = root
  return () => rmSync(root, { recursive: true, force: true, maxRetries: 3 })
}
