/** How records get into the log. */
export type AppendWay = 'bus' | 'script' | 'script-of-64'

export interface AppendFigures {
  readonly appends: number
  readonly perSecond: number
  /** CPU of the process that appends, microseconds an append. */
  readonly cpuUs: number
  readonly redisCpuUs?: number
}

/** What the appending process understands. */
export interface AppendOrders {
  append(order: { readonly way: AppendWay; readonly redisUrl: string; readonly ms: number }): Promise<AppendFigures>
}
