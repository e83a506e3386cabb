// Nchan of Debian: an nginx module in C that keeps channels in Redis. This process starts one nginx worker, and answers for its CPU and memory.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { answerOrders } from '../child/answer-orders.ts'
import type { ServerOrders, Usage } from '../child/order.ts'

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so'
/** Clock ticks of `/proc/…/stat`: 100 a second on every Linux that Debian builds. */
const TICK_US = 10_000
const PAGE_BYTES = 4_096

const folder = mkdtempSync(join(tmpdir(), 'oyez-bench-nchan-'))
let nginx: ChildProcess | undefined
process.on('exit', () => {
  nginx?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const port = await freePort()
  writeFileSync(join(folder, 'nginx.conf'), configuration(port, redisUrl))
  // One process, so that its figures are the node's figures.
  nginx = spawn('nginx', ['-e', join(folder, 'error.log'), '-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  nginx.stderr?.on('data', (text: Buffer) => (complaint += text.toString()))
  const ended = once(nginx, 'exit').then(() => {
    throw new Error(`nginx ended: ${complaint}`)
  })
  ended.catch(() => {})
  await Promise.race([ended, answers(port)])
  return { port }
}

function configuration(port: number, redisUrl: string): string {
  return `
load_module ${MODULE};
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
worker_rlimit_nofile 40000;
events { worker_connections 30000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  nchan_shared_memory_size 256m;
  upstream redis { nchan_redis_server ${redisUrl}; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/sub/(.+)$ {
      nchan_subscriber websocket;
      nchan_subscriber_first_message newest;
      nchan_channel_id $1;
      nchan_redis_pass redis;
    }
    location ~ ^/pub/(.+)$ {
      nchan_publisher websocket;
      nchan_channel_id $1;
      nchan_message_buffer_length 200;
      nchan_message_timeout 5m;
      nchan_redis_pass redis;
    }
  }
}
`
}

function usage(): Usage {
  // The name in parentheses may hold spaces; the fields after it are numbers: 12 and 13 are user and system time, 22 is resident pages.
  const stat = readFileSync(`/proc/${nginx?.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return { cpuUs: ticks * TICK_US, rssBytes: Number(fields[21]) * PAGE_BYTES }
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1')
    const up = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (up) return
    await pause(50)
  }
  throw new Error('nginx does not answer')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

answerOrders<ServerOrders>({ listen: start, usage, settledUsage: usage })
