import WebSocket from 'ws'

const open = new Set<WebSocket>()

/** Makes a WebSocket class that remembers what is open, so that it can be cut, and that may carry a cookie like a browser. */
export function actorSocket(cookie: string | undefined): new (url: string) => WebSocket {
  return class extends WebSocket {
    constructor(url: string) {
      super(url, cookie === undefined ? {} : { headers: { cookie } })
      open.add(this)
      this.once('close', () => open.delete(this))
    }
  }
}

/** Cuts this share of the open connections, without a goodbye. @returns How many. */
export function cutSockets(share: number): number {
  let count = 0
  for (const socket of open) {
    if (Math.random() >= share || socket.readyState !== WebSocket.OPEN) continue
    socket.terminate()
    count += 1
  }
  return count
}
