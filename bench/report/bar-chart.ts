/** A bar of a chart. */
export interface Bar {
  readonly label: string
  readonly value: number
  readonly kind: 'own' | 'peer' | 'control'
}

export interface BarChart {
  readonly title: string
  /** Behind each number. */
  readonly unit: string
  readonly digits: number
  readonly bars: readonly Bar[]
}

const WIDTH = 800
const LABELS = 340
const VALUES = 110
const ROW = 26
const HEAD = 40

/** A drawing of horizontal bars that is readable on light and dark pages: it follows the reader's colour scheme. */
export function barChart({ title, unit, digits, bars }: BarChart): string {
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const room = WIDTH - LABELS - VALUES
  const rows = bars.map(({ label, value, kind }, index) => {
    const y = HEAD + index * ROW
    const width = Math.max(1, (Math.max(0, value) / longest) * room)
    return [
      `<text class="label" x="${LABELS - 8}" y="${y + 14}" text-anchor="end">${escape(label)}</text>`,
      `<rect class="${kind}" x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="2"/>`,
      `<text class="value" x="${(LABELS + width + 6).toFixed(1)}" y="${y + 14}">${value.toFixed(digits)} ${escape(unit)}</text>`,
    ].join('')
  })
  const height = HEAD + bars.length * ROW + 8
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="title" x="12" y="24">${escape(title)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

const STYLE = [
  'text{font-family:system-ui,-apple-system,"Segoe UI",sans-serif;font-size:13px}',
  '.page{fill:#ffffff}.title{fill:#1c2430;font-weight:600;font-size:14px}.label{fill:#3a4656}.value{fill:#1c2430}',
  '.own{fill:#1f6feb}.peer{fill:#9aa7b8}.control{fill:#d3dae3}',
  '@media (prefers-color-scheme:dark){.page{fill:#12171e}.title,.value{fill:#e8edf3}.label{fill:#b4bfcc}',
  '.own{fill:#58a6ff}.peer{fill:#66758a}.control{fill:#3a4656}}',
].join('')

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
