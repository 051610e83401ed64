// Bundles src/cli/main.ts into dist/shardgate.js; installed packages stay outside the bundle.
// Type checking is `npm run check`: a build must start a laptop's cluster in well under a second.
import { cp } from 'node:fs/promises'
import { build } from 'esbuild'

await build({
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/shardgate.js',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  sourcemap: 'linked',
  logLevel: 'warning',
  absWorkingDir: new URL('..', import.meta.url).pathname,
})

// Code that reads a data file finds it beside itself, in src/vindex/data or in dist/data.
await cp(new URL('../src/vindex/data', import.meta.url), new URL('../dist/data', import.meta.url), {
  recursive: true,
})
