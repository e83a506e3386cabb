import { Child } from '../child/child.ts'
import type { AppendFigures, AppendOrders, AppendWay } from '../child/append-orders.ts'
import { median } from '../figures.ts'
import type { Experiment } from './experiment.ts'

const ways: readonly { readonly way: AppendWay; readonly label: string }[] = [
  { way: 'bus', label: 'RedisBus.append, 400 under way' },
  { way: 'script', label: 'the bare append script, one record a call, pipelined, 400 under way' },
  { way: 'script-of-64', label: 'the bare append script, 64 records a call' },
]

/** How much of what Redis can do with the append script is left when the bus drives it. */
export const logAppend: Experiment = {
  name: 'log-append',
  label: 'RedisBus.append beside the bare script',
  async run({ redis, quick, say }) {
    const rounds = quick ? 1 : 3
    const taken = new Map<AppendWay, AppendFigures[]>(ways.map(({ way }) => [way, []]))
    for (let round = 1; round <= rounds; round++) {
      for (const { way } of ways) {
        await redis.empty()
        const child = new Child<AppendOrders>('programs/appender.js')
        try {
          const redisBefore = await redis.cpuUs()
          const figures = await child.ask('append', { way, redisUrl: redis.url, ms: quick ? 1_500 : 2_500 })
          const redisCpuUs = ((await redis.cpuUs()) - redisBefore) / figures.appends
          taken.get(way)?.push({ ...figures, redisCpuUs })
          say(
            `  round ${round}  ${way.padEnd(14)} ${Math.round(figures.perSecond).toLocaleString('en')}/s, ${redisCpuUs.toFixed(1)} µs of Redis each`,
          )
        } finally {
          await child.close()
        }
      }
    }
    const of = (way: AppendWay, key: keyof AppendFigures): number =>
      median((taken.get(way) ?? []).map((figures) => figures[key] ?? Number.NaN))
    const ratio = (against: AppendWay, key: 'perSecond' | 'redisCpuUs'): number =>
      median(
        (taken.get('bus') ?? []).map((figures, round) => {
          const other = taken.get(against)?.[round]?.[key] ?? Number.NaN
          const own = figures[key] ?? Number.NaN
          return key === 'perSecond' ? own / other : other / own
        }),
      )
    return {
      name: this.name,
      figures: {
        'bus-per-second': of('bus', 'perSecond'),
        'script-per-second': of('script', 'perSecond'),
        'script-of-64-per-second': of('script-of-64', 'perSecond'),
        'of-script': ratio('script', 'perSecond'),
        'of-script-of-64': ratio('script-of-64', 'perSecond'),
      },
      tables: [
        {
          title: 'log append, 64 channels, records of 64 bytes',
          columns: ['', 'appends/s', 'of the bare script', 'Redis: CPU µs', 'caller: CPU µs'],
          rows: ways.map(({ way, label }) => [
            label,
            Math.round(of(way, 'perSecond')).toLocaleString('en'),
            `${(of(way, 'perSecond') / of('script', 'perSecond')).toFixed(2)} ×`,
            of(way, 'redisCpuUs').toFixed(1),
            of(way, 'cpuUs').toFixed(1),
          ]),
          notes: [
            'The bare script is driven by a socket that writes ready-made commands and only counts the answers, the way redis-benchmark does; ' +
              'RedisBus makes the commands, reads the answers and settles a promise for each. It puts the appends of one turn into one call, which is what the last row does at its best.',
          ],
        },
      ],
    }
  },
}
