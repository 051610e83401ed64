/** `npm run fuzz -- WHAT …`: each reads its own command line. */
if (process.argv[2] === 'select') await import('./select/main.ts')
else await import('./sql-main.ts')
