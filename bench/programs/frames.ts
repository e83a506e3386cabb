/** A server's WebSocket text frame. */
export function serverTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? Buffer.from([0x81, length]) : Buffer.from([0x81, 126, length >> 8, length & 0xff])
  return Buffer.concat([header, Buffer.from(text)])
}
