import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A fresh folder, short enough for unix sockets; removed by `remove` and, at the latest, when the tests end. */
export function tempDir(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(process.env['TESTS_TMP'] ?? tmpdir(), `${name}-`))
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', remove)
  return {
    path,
    remove: () => {
      process.off('exit', remove)
      remove()
    },
  }
}
