// @ts-check
// The table of ARCHITECTURE.md, "Layers": who may import what inside packages/oyez/src.

/**
 * @typedef {object} Layer
 * @property {string} name as shown in messages
 * @property {RegExp} files which files belong to it
 * @property {RegExp[]} mayImport other files of the library; a layer may always import itself
 * @property {RegExp[]} packages modules from outside the library
 */

const node = /^node:/
const position = /^protocol\/position\.ts$/

/** @type {Layer[]} The first layer whose pattern fits a file is its layer. */
export const libraryLayers = [
  { name: 'a door (index.ts)', files: /(^|\/)index\.ts$/, mayImport: [/./], packages: [] },
  { name: 'protocol/', files: /^protocol\//, mayImport: [], packages: [] },
  { name: 'transport/', files: /^transport\//, mayImport: [], packages: [node, /^ws$/] },
  { name: 'bus/', files: /^bus\/[^/]+$/, mayImport: [position], packages: [node] },
  backend('memory', []),
  backend('worker', []),
  backend('redis', [/^@redis\/client$/]),
  {
    name: 'hub/',
    files: /^hub\//,
    mayImport: [/^protocol\//, /^bus\/[^/]+$/, /^transport\/transport\.ts$/],
    packages: [node],
  },
  { name: 'codec/', files: /^codec\//, mayImport: [/^protocol\//], packages: [node] },
  { name: 'client/', files: /^client\//, mayImport: [/^protocol\//], packages: [] },
  {
    name: 'testing/',
    files: /^testing\//,
    mayImport: [/^protocol\//, /^bus\/[^/]+$/, /^transport\/transport\.ts$/],
    packages: [node],
  },
]

/** @param {string} name @param {RegExp[]} drivers @returns {Layer} */
function backend(name, drivers) {
  return {
    name: `bus/${name}/`,
    files: new RegExp(`^bus/${name}/`),
    mayImport: [/^bus\/[^/]+$/, position],
    packages: [node, ...drivers],
  }
}

/** Names that say nothing about what a file holds. */
export const emptyNames = /^(?:.+-)?(?:utils?|helpers?|common|types|managers?|misc)$/

/** Lines that a hand-written file may have. */
export const MAX_LINES = 400
