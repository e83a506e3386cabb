/**
 * Whether a node may be given new clients. When not: why, in words without host names or secrets. When it may although it cannot do all of its work:
 * `trouble` says what it cannot do.
 */
export type Readiness =
  | { readonly ready: true; readonly trouble?: string | undefined }
  | { readonly ready: false; readonly reason: string }
