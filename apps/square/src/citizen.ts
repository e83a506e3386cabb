/** Longest name of a person in the square, in characters. */
export const MAX_NAME = 24

const randomNames = ['Rowan', 'Juniper', 'Wilfred', 'Maude', 'Ansel', 'Clover', 'Bertram', 'Ottilie', 'Percy', 'Tilda']

/** The name the page was opened with (`?user=alice`), or a friendly one by chance. */
export function citizenName(search: string): string {
  const asked = tidyName(new URLSearchParams(search).get('user') ?? '')
  return asked || (randomNames[Math.floor(Math.random() * randomNames.length)] ?? 'Rowan')
}

/** A name without control characters and surrounding space, cut to a length that fits. */
export function tidyName(name: string): string {
  return Array.from(name.replace(/\p{C}/gu, '').trim()).slice(0, MAX_NAME).join('')
}

/** Somebody to be in the second tab. */
export function otherName(name: string): string {
  return name.toLowerCase() === 'bob' ? 'alice' : 'bob'
}
