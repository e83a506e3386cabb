/** Whether a node may be given new clients, and why not. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string }
