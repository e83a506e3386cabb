import { defineConfig } from 'vitest/config'

// A package of the tests brings native helpers that `ws` would use when it finds them; a user of oyez has none.
process.env['WS_NO_BUFFER_UTIL'] = '1'

// Two projects: `unit` is fast and needs no foreign program (it is part of `npm run check`);
// `real` starts real processes (Redis, nginx, HAProxy, Chromium, oyez nodes) on free loopback ports.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/test/**/*.test.ts',
            'apps/*/test/**/*.test.ts',
            'scripts/**/*.test.ts',
            'lab/test/**/*.test.ts',
          ],
          exclude: ['**/*.real.test.ts', '**/node_modules/**'],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'real',
          include: [
            'packages/*/test/**/*.real.test.ts',
            'apps/*/test/**/*.real.test.ts',
            'bench/**/*.real.test.ts',
            'lab/test/**/*.real.test.ts',
          ],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          // Real programs share two cores: files run one after the other, so that a slow neighbour is never a failure.
          fileParallelism: false,
        },
      },
    ],
  },
})
