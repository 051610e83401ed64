// Bundles src/cli/main.ts into dist/shardgate.js; installed packages stay outside the bundle.
// Type checking is `npm run check`: a build must start a laptop's cluster in well under a second.
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
