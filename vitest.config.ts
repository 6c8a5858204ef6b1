import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // Failures in full and sums: what passes says nothing, so that the output fits onto a page.
    reporters: ['minimal'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // Many tests wait for processes of their own: two at once use both cores of a small machine.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/store/**', 'src/domain/**', 'src/graph/**', 'src/path/**', 'src/json/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: {
        'src/store/**': { lines: 90 },
        'src/domain/**': { lines: 90 },
        'src/graph/**': { lines: 90 },
        'src/path/**': { lines: 90 },
        'src/json/**': { lines: 90 },
      },
    },
  },
});
