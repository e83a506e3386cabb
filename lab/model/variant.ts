/**
 * The algorithm as it is, and ways to break it. Each broken one must be found out, or the model is worth nothing.
 *
 * - `no-fence`: an epoch names the incarnation alone, so that it changes only when the metadata vanishes.
 * - `counter-term`: a term is the last one plus one instead of the random replication id.
 * - `read-before-subscribe`: a node reads the log and subscribes to the hints afterwards.
 * - `no-sequence`: the log does not look at sequence numbers.
 * - `id-used-again`: after a loss a producer goes on under its old id, from the number that the log expects.
 * - `put-back-as-new`: what was acknowledged, lost and put back may be sent again under another id.
 * - `stream-loss-is-trimming`: a stream that is missing before its time counts as trimmed, and the identity goes on.
 * - `expiring-together`: the metadata expires with the stream.
 */
export type Variant =
  | 'sound'
  | 'no-fence'
  | 'counter-term'
  | 'read-before-subscribe'
  | 'no-sequence'
  | 'id-used-again'
  | 'put-back-as-new'
  | 'stream-loss-is-trimming'
  | 'expiring-together'
