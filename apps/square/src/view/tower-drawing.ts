const SVG = 'http://www.w3.org/2000/svg'

/** A tower of stone: roof and flag in the node's colour, six windows that light up with its clients. */
export function towerDrawing(): SVGSVGElement {
  const svg = shape('svg', { viewBox: '0 0 120 168', class: 'tower-drawing', 'aria-hidden': 'true' }) as SVGSVGElement
  svg.append(
    shape('path', { class: 'mast', d: 'M60 4v26' }),
    shape('path', { class: 'flag', d: 'M61 5c8-3 14 4 24 1l-5 6 5 6c-10 3-16-4-24-1z' }),
    shape('path', { class: 'roof', d: 'M60 24 100 66H20z' }),
    shape('path', { class: 'roof-shade', d: 'M60 24 100 66H66z' }),
    shape('path', { class: 'stone', d: 'M22 66h76v10h-6v88H28V76h-6z' }),
    shape('path', { class: 'stone-shade', d: 'M66 66h32v10h-6v88H66z' }),
    shape('path', { class: 'brick', d: 'M34 86h9M76 82h9M36 134h9M50 122h9M78 128h8M32 108h7M82 106h7M54 82h7' }),
    ...windows(),
    shape('path', { class: 'door', d: 'M50 164v-14a10 10 0 0 1 20 0v14z' }),
    shape('g', { class: 'smoke' }, puff(44, 58, 7), puff(58, 44, 10), puff(76, 54, 8)),
  )
  return svg
}

/** In the order in which they light up. */
function windows(): SVGElement[] {
  const places = [
    [39, 90],
    [69, 90],
    [54, 96],
    [39, 114],
    [69, 114],
    [54, 120],
  ]
  return places.map(([x = 0, y = 0], index) =>
    shape('path', { class: `window window-${index + 1}`, d: `M${x} ${y + 14}V${y + 5}a6 6 0 0 1 12 0v9z` }),
  )
}

function puff(x: number, y: number, radius: number): SVGElement {
  return shape('circle', { cx: String(x), cy: String(y), r: String(radius) })
}

function shape(tag: string, attributes: Readonly<Record<string, string>>, ...children: SVGElement[]): SVGElement {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}
