import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Child } from './child.ts'
import { freePort, until } from './until.ts'

/** A real load balancer before the nodes. */
export interface Balancer {
  readonly kind: 'nginx' | 'haproxy'
  readonly port: number
  /** What a browser would send back after a visit to the first node. */
  readonly cookie: string | undefined
  /** Reads its configuration again under load: new processes take over, the old ones cut what is left after a second. */
  reload(): Promise<void>
  close(): Promise<void>
}

interface Place {
  readonly ports: readonly number[]
  readonly directory: string
}

export async function startBalancer(kind: 'nginx' | 'haproxy', { ports, directory }: Place): Promise<Balancer> {
  const port = await freePort()
  const home = join(directory, kind)
  await mkdir(home, { recursive: true })
  const file = join(home, `${kind}.cfg`)
  await writeFile(file, kind === 'nginx' ? nginxConfig(home, { port, ports }) : haproxyConfig(port, ports))
  const child =
    kind === 'nginx'
      ? Child.spawn(kind, ['nginx', '-p', home, '-c', file, '-e', 'stderr'])
      : Child.spawn(kind, ['haproxy', '-W', '-f', file])
  await until(`${kind} listens`, () => {
    if (child.ended) throw new Error(`${kind} ended: ${child.tail}`)
    return listens(port)
  })
  return {
    kind,
    port,
    cookie: kind === 'haproxy' ? 'lab=node-1' : undefined,
    reload: async () => {
      child.signal(kind === 'nginx' ? 'SIGHUP' : 'SIGUSR2')
      await until(`${kind} listens after a reload`, () => listens(port))
    },
    close: async () => {
      // nginx: SIGTERM is the fast way out.
      await child.stop(3_000)
    },
  }
}

function nginxConfig(home: string, { port, ports }: { port: number; ports: readonly number[] }): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  )
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes 1;
worker_shutdown_timeout 1s;
pid ${home}/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary.join('\n  ')}
  upstream nodes {
    ${ports.map((node) => `server 127.0.0.1:${node} max_fails=1 fail_timeout=1s;`).join('\n    ')}
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 60s;
      proxy_connect_timeout 2s;
    }
  }
}
`
}

function haproxyConfig(port: number, ports: readonly number[]): string {
  return `global
  maxconn 4000
  hard-stop-after 1s
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  option redispatch 1
  retries 2
frontend all
  bind 127.0.0.1:${port}
  default_backend nodes
backend nodes
  balance roundrobin
  cookie lab insert indirect nocache
  option httpchk GET /ready
  default-server check inter 500ms fall 1 rise 1 on-marked-down shutdown-sessions
${ports.map((node, index) => `  server node-${index + 1} 127.0.0.1:${node} cookie node-${index + 1}`).join('\n')}
`
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
