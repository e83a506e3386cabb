/** Path of the WebSocket, as the official client libraries expect it. */
export const WEBSOCKET_PATH = '/connection/websocket'
