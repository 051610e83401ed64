// `npm run bench [-- NAME] [options]`: bundles bench/NAME.ts (default: proxy) and runs it.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { prepareBundle, preparePackages, root } from './prepare.mjs'

const args = process.argv.slice(2)
const name = args[0] && !args[0].startsWith('-') ? args.shift() : 'proxy'
const source = join(root, 'bench', `${name}.ts`)
if (!existsSync(source)) {
  const names = readdirSync(join(root, 'bench')).filter((file) => file.endsWith('.ts'))
  process.stderr.write(`bench: no bench/${name}.ts; there are ${names.join(', ')}\n`)
  process.exit(2)
}
preparePackages()
prepareBundle()
const { build } = await import('esbuild') // installed by now
await build({
  entryPoints: readdirSync(join(root, 'bench'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ in: join(root, 'bench', file), out: `bench-${file.slice(0, -'.ts'.length)}` })),
  outdir: join(root, 'dist'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
})
const outfile = join(root, 'dist', `bench-${name}.js`)
const { status } = spawnSync(process.execPath, ['--expose-gc', outfile, ...args], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
