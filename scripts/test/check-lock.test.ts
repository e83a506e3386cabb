import { describe, expect, test } from 'vitest'
import { missingPlatforms } from '../check-lock.mjs'

describe('the lock file check', () => {
  test('is silent when every platform package is there', () => {
    const packages = {
      'node_modules/tool': { version: '2.0.0', optionalDependencies: { '@tool/linux-x64': '2.0.0' } },
      'node_modules/@tool/linux-x64': { version: '2.0.0' },
    }
    expect(missingPlatforms({ packages })).toEqual([])
  })

  test('describes a missing platform package by its name', () => {
    const packages = {
      'node_modules/tool': { version: '2.0.0', dev: true, optionalDependencies: { '@tool/linux-arm64-musl': '2.0.0' } },
    }
    expect(missingPlatforms({ packages })).toEqual([
      {
        path: 'node_modules/@tool/linux-arm64-musl',
        entry: { version: '2.0.0', cpu: ['arm64'], dev: true, libc: ['musl'], optional: true, os: ['linux'] },
      },
    ])
  })

  test('puts a second version beside the package that asks for it', () => {
    const packages = {
      'node_modules/tool': { version: '2.0.0', optionalDependencies: { '@tool/darwin-x64': '2.0.0' } },
      'node_modules/old/node_modules/tool': { version: '1.0.0', optionalDependencies: { '@tool/darwin-x64': '1.0.0' } },
      'node_modules/@tool/darwin-x64': { version: '1.0.0' },
    }
    expect(missingPlatforms({ packages }).map(({ path }) => path)).toEqual([
      'node_modules/tool/node_modules/@tool/darwin-x64',
    ])
  })
})
