/** Payloads of the tables: JSON strings of so many bytes, quotes included. */
export const SIZES = [64, 1024] as const

export const CHANNEL = 'room:42'
export const USER = 'alice'
export const CLIENT = '7f0c1c2e-8b1d-4c57-9d1f-123456789abc'
export const OFFSET = 1234
export const INFO = `{"user":"${USER}","client":"${CLIENT}"}`

export function payloadOf(bytes: number): string {
  return JSON.stringify('x'.repeat(bytes - 2))
}
