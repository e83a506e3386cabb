import type { BalancedNode, BalancerOptions } from './balancer-options.ts'

/** A complete HAProxy configuration file. */
export function haproxyConfig(nodes: readonly BalancedNode[], options: BalancerOptions): string {
  const { affinity, listen } = options
  const cookie = affinity === 'cookie'
  return `# HAProxy in front of oyez. Put this file to /etc/haproxy/haproxy.cfg and check it with: haproxy -c -f haproxy.cfg
# Works with the HAProxy of Debian 12 (2.6) and later.

global
    # As many connections as the system lets HAProxy have open files (two for each connection), and no more than this.
    fd-hard-limit 200000

defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    # A client has this long for the head of its request.
    timeout http-request 5s
    # From the upgrade on only this counts: a WebSocket that is silent for longer is cut. oyez pings every 25 s.
    timeout tunnel 1h
    # A client that has vanished without a goodbye does not hold its tunnel open.
    timeout client-fin 30s
    # A node that refuses the connection is left for another one at once, whatever a cookie says.
    retries 2
    option redispatch 1

frontend oyez
    bind ${listen.includes(':') ? listen : `:${listen}`}
    # Overwritten, not appended to: a client could have made up the beginning.
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
    default_backend oyez

backend oyez
${METHODS[affinity]}
    # Only nodes that say that they are ready get new connections. Open ones are left alone when a node is not ready: while the bus is away,
    # clients stay connected and go on when it is back.
    option httpchk
    http-check send meth GET uri /ready ver HTTP/1.1 hdr Host oyez
    http-check expect status 200
    default-server check inter 1s fall 2 rise 1
${nodes.map(({ name, address }) => `    server ${name} ${address}${cookie ? ` cookie ${name}` : ''}\n`).join('')}`
}

const METHODS: Readonly<Record<BalancerOptions['affinity'], string>> = {
  cookie: `    # The node with the fewest connections gets the next client, and a cookie brings that client back to it.
    balance leastconn
    cookie OYEZ insert indirect nocache httponly attr SameSite=Lax`,
  ip: `    # The same client address, the same node. With a consistent hash, a node that comes or goes moves only its own clients.
    balance source
    hash-type consistent`,
  none: `    # The node with the fewest connections gets the next one.
    balance leastconn`,
}
