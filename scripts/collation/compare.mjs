// Compares the collation in src/vindex with golang.org/x/text/collate on random texts (100,000 unless told otherwise):
//   node scripts/collation/compare.mjs [count] [seed]
// Needs Go, which fetches the module on the first run. Exits with 1 at the first differences.
import { spawn } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'

const [count = '100000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2)
const root = new URL('../..', import.meta.url)
const bundle = new URL('.cache/collation/compare.js', root)

await build({
  stdin: {
    contents: `export { RootCollation } from './src/vindex/collation.ts'`,
    resolveDir: root.pathname,
    loader: 'ts',
  },
  outfile: bundle.pathname,
  bundle: true,
  platform: 'node',
  format: 'esm',
})
await cp(new URL('src/vindex/data', root), new URL('data', bundle), { recursive: true })
const { RootCollation } = await import(bundle.href)

const collation = new RootCollation()
const go = spawn('go', ['run', './vectors', '-n', count, '-seed', seed], {
  cwd: new URL('.', import.meta.url),
  stdio: ['ignore', 'pipe', 'inherit'],
})
let compared = 0
let different = 0
for await (const line of createInterface({ input: go.stdout })) {
  const [text, key] = line.split(' ')
  compared++
  if (key === 'error') continue
  const own = Buffer.from(collation.key(trimmed(Buffer.from(text, 'hex')))).toString('hex')
  if (own === key) continue
  different++
  if (different <= 10) console.error(`text ${text}\n  module ${key}\n  own    ${own}`)
}
console.log(`seed ${seed}: ${compared} texts compared, ${different} different`)
process.exitCode = different > 0 || compared !== Number(count) ? 1 : 0

function trimmed(text) {
  let end = text.length
  while (end > 0 && text[end - 1] === 0x20) end--
  return text.subarray(0, end)
}
