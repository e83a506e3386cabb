import { expect, it } from 'vitest'
import { runOyez } from '../fixture/oyez-cli.ts'

it('a plan within what was measured says so by leaving the mark out; one beyond is marked as computed', async () => {
  const small = await runOyez(['plan', '--users', '1000', '--publications', '10', '--channels', '100'])
  expect(small).toMatchObject({ code: 0, stderr: '' })
  expect(small.stdout).toContain('Nodes\n')
  expect(small.stdout).not.toContain('computed')
  const large = await runOyez(['plan', '--users', '10000000', '--channels', '1000000', '--publications', '20000'])
  expect(large).toMatchObject({ code: 0, stderr: '' })
  for (const heading of ['What happens', 'Nodes', 'Redis', 'Network', 'Load balancer', 'Comings and goings']) {
    expect(large.stdout).toContain(`${heading}  [computed]\n`)
  }
})

it('a plan prints what it was made of: unit costs with where they come from, and assumptions', async () => {
  const { stdout } = await runOyez(['plan'])
  expect(stdout).toMatch(/Measured\n {2}on \d{4}-\d\d-\d\d, /)
  expect(stdout).toContain('npm run bench -- --curve')
  expect(stdout).toContain('Assumed, not measured\n')
})

it('a plan says what to set: files, ports, time-outs, drain', async () => {
  const { stdout } = await runOyez(['plan', '--users', '2000000', '--channels', '1000000', '--publications', '1000'])
  expect(stdout.match(/ulimit -n \d+/g)).toHaveLength(2)
  expect(stdout).toMatch(/source addresses +\d+ for each node/)
  expect(stdout).toMatch(/idle time-out +at least 60 s/)
  expect(stdout).toMatch(/drain +\d+ s +--drain/)
})

it('a plan for programs is JSON', async () => {
  const { stdout } = await runOyez(['plan', '--json', '--users', '1000', '--nodes', '3'])
  expect(JSON.parse(stdout)).toMatchObject({ workload: { connections: 1_000 }, capacity: { nodes: 3 } })
})

it('a load that cannot be carried, or makes no sense, is an error of one line', async () => {
  const flood = await runOyez([
    'plan',
    '--users',
    '1000000',
    '--channels',
    '1',
    '--subscriptions',
    '1',
    '--publications',
    '100000',
  ])
  const typo = await runOyez(['plan', '--users', '1e6'])
  expect(flood).toMatchObject({ code: 1, stdout: '' })
  expect(flood.stderr).toMatch(/^oyez: no number of nodes is enough: .+\n$/)
  expect(typo).toMatchObject({
    code: 1,
    stderr: 'oyez: --users must be a whole number from 1 to 10000000, not "1e6"\n',
  })
})
