import type { Server as HttpServer } from 'node:http'
import { Server, type ServerOptions } from 'socket.io'

/** The Socket.IO application that both adapters run under: rooms for channels and users, WebSocket transport only. */
export function socketioServer(server: HttpServer, options: Partial<ServerOptions>): void {
  const io = new Server(server, { transports: ['websocket'], serveClient: false, ...options })
  io.on('connection', (socket) => {
    const { user, channel } = socket.handshake.auth as { readonly user?: string; readonly channel?: string }
    if (user !== undefined) void socket.join(`user:${user}`)
    if (channel !== undefined) void socket.join(channel)
    socket.on('join', (channel: string, done: () => void) => {
      void socket.join(channel)
      done()
    })
    socket.on('publish', (channel: string, data: unknown) => io.to(channel).emit('message', data))
    socket.on('send', (to: string, data: unknown) => io.to(`user:${to}`).emit('message', data))
  })
}
