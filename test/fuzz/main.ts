/** `npm run fuzz -- WHAT …`: each reads its own command line. */
if (['select', 'writes'].includes(process.argv[2] ?? '')) await import('./select/main.ts')
else await import('./sql-main.ts')
