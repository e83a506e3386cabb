import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { missingPlatforms, unverified } from '../check-lock.mjs'

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

  const integrity = `sha512-${'A'.repeat(86)}==`

  test('names a package whose content npm could not verify', () => {
    const packages = {
      'node_modules/plain': { version: '1.0.0' },
      'node_modules/weak': { version: '1.0.0', integrity: 'sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
      'node_modules/good': { version: '1.0.0', integrity },
    }
    expect(unverified({ packages })).toEqual([
      'node_modules/plain has no sha512 integrity',
      'node_modules/weak has no sha512 integrity',
    ])
  })

  test('names a package that is tied to the address of a mirror, to git or to a file', () => {
    const packages = {
      'node_modules/mirror': { integrity, resolved: 'https://registry.example.com/mirror/-/mirror-1.0.0.tgz' },
      'node_modules/git': { integrity, resolved: 'git+ssh://git@example.com/git.git#abc' },
      'node_modules/file': { integrity, resolved: 'file:../file-1.0.0.tgz' },
      'node_modules/good': { integrity },
    }
    expect(unverified({ packages }).map((line) => line.split(' ')[0])).toEqual([
      'node_modules/mirror',
      'node_modules/git',
      'node_modules/file',
    ])
  })

  test('asks nothing of workspaces and of packages inside another tarball', () => {
    const packages = {
      '': {},
      'packages/own': { version: '1.0.0' },
      'node_modules/own': { link: true, resolved: 'packages/own' },
      'node_modules/outer/node_modules/inner': { version: '1.0.0', inBundle: true },
    }
    expect(unverified({ packages })).toEqual([])
  })

  test('finds nothing in the lock file of this repository', () => {
    const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
    expect(unverified(JSON.parse(text) as Parameters<typeof unverified>[0])).toEqual([])
  })
})
