// `npm run chaos -- --minutes N [--seed S]`: bundles test/faults/chaos and runs it against the program as it is built.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { preparePackages, root } from './prepare.mjs'

preparePackages()
const { build } = await import('esbuild') // installed by now
const outfile = join(root, 'dist', 'chaos.js')
await build({
  entryPoints: [join(root, 'test', 'faults', 'chaos', 'main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
})
const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
