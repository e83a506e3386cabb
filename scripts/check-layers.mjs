// @ts-check
// Holds the shape of the house: layers, doors, no import circle, no long file, no empty name.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './command.mjs'
import { findCircles, readSources, resolveImport } from './import-graph.mjs'
import { MAX_LINES, emptyNames, libraryLayers } from './layers.mjs'

/** @typedef {import('./import-graph.mjs').SourceFile} SourceFile */

/**
 * Every violation in a repository, as one line each that begins with the file to blame.
 * @param {string} repository
 * @returns {string[]}
 */
export function checkRepository(repository) {
  const doors = libraryDoors(repository)
  const members = ['packages', 'apps', 'examples'].flatMap((group) => {
    const folder = `${repository}/${group}`
    return existsSync(folder) ? readdirSync(folder).map((name) => `${group}/${name}`) : []
  })
  const sourceProblems = members
    .filter((member) => existsSync(`${repository}/${member}/src`))
    .flatMap((member) => {
      const files = readSources(`${repository}/${member}/src`)
      const problems = [
        ...(member === 'packages/oyez' ? checkLayers(files) : checkDoors(files, doors)),
        ...checkIndexImports(files),
        ...findCircles(files).map((circle) => `${circle[0]}: import circle ${[...circle, circle[0]].join(' -> ')}`),
      ]
      return problems.map((problem) => `${member}/src/${problem}`)
    })
  const folders = [...members, 'scripts', 'bench', 'lab'].filter((folder) => existsSync(`${repository}/${folder}`))
  const shapeProblems = folders.flatMap((folder) =>
    checkShape(readSources(`${repository}/${folder}`)).map((problem) => `${folder}/${problem}`),
  )
  return [...sourceProblems, ...shapeProblems]
}

/**
 * What users of the library may write after `from`.
 * @param {string} repository
 * @returns {Set<string>}
 */
function libraryDoors(repository) {
  const text = readFileSync(`${repository}/packages/oyez/package.json`, 'utf8')
  const manifest = /** @type {{ exports?: Record<string, unknown> }} */ (JSON.parse(text))
  return new Set(Object.keys(manifest.exports ?? {}).map((door) => posix.join('oyez', door)))
}

/** @param {SourceFile[]} files */
function checkLayers(files) {
  return files.flatMap((file) => {
    const layer = libraryLayers.find(({ files: pattern }) => pattern.test(file.path))
    if (!layer) return [`${file.path}: belongs to no layer of ARCHITECTURE.md`]
    return file.specifiers
      .filter((specifier) => {
        const target = resolveImport(file.path, specifier)
        if (target === undefined) return !layer.packages.some((pattern) => pattern.test(specifier))
        return !layer.files.test(target) && !layer.mayImport.some((pattern) => pattern.test(target))
      })
      .map((specifier) => `${file.path}: ${layer.name} may not import ${specifier}`)
  })
}

/** @param {SourceFile[]} files @param {Set<string>} doors */
function checkDoors(files, doors) {
  return files.flatMap((file) =>
    file.specifiers
      .filter((specifier) => {
        const target = resolveImport(file.path, specifier)
        if (target !== undefined) return target.startsWith('../')
        return /^oyez(?:\/|$)/.test(specifier) && !doors.has(specifier)
      })
      .map((specifier) => `${file.path}: ${specifier} is no door of the library`),
  )
}

/**
 * Index files are doors for outsiders: inner code that walks through one makes circles.
 * @param {SourceFile[]} files
 */
function checkIndexImports(files) {
  return files.flatMap((file) =>
    file.specifiers
      .filter((specifier) => specifier.startsWith('.') && basename(specifier) === 'index.ts')
      .map((specifier) => `${file.path}: imports ${specifier}; import the file that holds it`),
  )
}

/** @param {SourceFile[]} files */
function checkShape(files) {
  return files.flatMap((file) => {
    const name = basename(file.path)
      .replace(/(?:\.test|\.real\.test|\.d)?\.\w+$/, '')
      .replace(/\.real$/, '')
    return [
      ...(file.lines > MAX_LINES ? [`${file.path}: ${file.lines} lines; at most ${MAX_LINES}`] : []),
      ...(emptyNames.test(name) ? [`${file.path}: "${name}" says nothing; name it after what it exports`] : []),
      ...(/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(name) ? [] : [`${file.path}: file names are kebab-case`]),
    ]
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = checkRepository(process.argv[2] ?? root)
  for (const problem of problems) console.log(problem)
  if (problems.length > 0) process.exitCode = 1
}
