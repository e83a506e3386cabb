export type { Acceptor, UpgradeRequest } from '../upgrade.ts'
export type { UwsApp } from './uws-app.ts'
export { UwsListener, type UwsListenerOptions } from './uws-listener.ts'
