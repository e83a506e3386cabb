// @ts-check
import { readFileSync, readdirSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'

/**
 * @typedef {object} SourceFile
 * @property {string} path from the folder that was read, with forward slashes
 * @property {number} lines
 * @property {string[]} specifiers what it imports, as written, type imports and re-exports included
 */

const importForms = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
]

/**
 * What a source text imports.
 * @param {string} text
 * @returns {string[]}
 */
export function importsOf(text) {
  const code = text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
  return importForms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1] ?? ''))
}

/**
 * Every hand-written source file below a folder.
 * @param {string} folder
 * @returns {SourceFile[]}
 */
export function readSources(folder) {
  const skipped = new Set(['node_modules', 'dist', '.git', 'coverage', 'generated'])
  /** @type {SourceFile[]} */
  const files = []
  /** @param {string} at */
  const walk = (at) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name)
      if (entry.isDirectory() && !skipped.has(entry.name)) walk(path)
      if (entry.isFile() && /\.(?:ts|tsx|mts|js|mjs)$/.test(entry.name)) files.push(readSource(folder, path))
    }
  }
  walk(folder)
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** @param {string} folder @param {string} path @returns {SourceFile} */
function readSource(folder, path) {
  const text = readFileSync(path, 'utf8')
  return {
    path: relative(folder, path).split(sep).join('/'),
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    specifiers: importsOf(text),
  }
}

/**
 * The path that a relative import means, or undefined for a package.
 * @param {string} from path of the importing file
 * @param {string} specifier
 */
export function resolveImport(from, specifier) {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}

/**
 * The import circles among files, each as the list of its members.
 * @param {SourceFile[]} files
 * @returns {string[][]}
 */
export function findCircles(files) {
  const targets = new Map(
    files.map((file) => [file.path, file.specifiers.map((specifier) => resolveImport(file.path, specifier))]),
  )
  /** @type {Map<string, 'open' | 'done'>} */
  const states = new Map()
  /** @type {string[]} */
  const trail = []
  /** @type {string[][]} */
  const circles = []
  /** @param {string} path */
  const visit = (path) => {
    states.set(path, 'open')
    trail.push(path)
    for (const target of targets.get(path) ?? []) {
      if (target === undefined || !targets.has(target)) continue
      if (states.get(target) === 'open') circles.push(trail.slice(trail.indexOf(target)))
      if (!states.has(target)) visit(target)
    }
    trail.pop()
    states.set(path, 'done')
  }
  for (const path of targets.keys()) if (!states.has(path)) visit(path)
  return circles
}
