#!/usr/bin/env node
// The installed program: the bundle that `npm run build` makes.
import { existsSync } from 'node:fs'

const bundle = new URL('../dist/shardgate.js', import.meta.url)
if (!existsSync(bundle)) {
  process.stderr.write(
    'shardgate: not built yet; run `npm ci && npm run build`, or use `npm run shardgate -- …`\n',
  )
  process.exit(1)
}
process.argv[1] = bundle.pathname // what a cluster's workers run
await import(bundle)
