import type { Table } from '../figures.ts'

/** A table for people who look at a terminal: the first column to the left, numbers to the right, headings broken into short lines. */
export function terminalTable({ title, columns, rows }: Table): string {
  const headings = columns.map((column, index) => (index === 0 ? [column] : broken(column)))
  const height = Math.max(...headings.map(({ length }) => length))
  const widths = columns.map((_, index) =>
    Math.max(...(headings[index] ?? []).map(({ length }) => length), ...rows.map((row) => row[index]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ')
  const head = Array.from({ length: height }, (_, row) =>
    line(headings.map((heading) => heading[row - (height - heading.length)] ?? '')),
  )
  return [`\n${title}`, ...head, line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const WIDEST_HEADING = 14

/** Breaks a heading between words. */
function broken(heading: string): string[] {
  const lines: string[] = []
  for (const word of heading.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= WIDEST_HEADING)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
